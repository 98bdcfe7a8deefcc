//! Logs to standard error, and the OpenTelemetry layer that gives every span a place in a trace.

use std::io::IsTerminal;

use anyhow::Context;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Identity;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for machines.
    Json,
}

/// What to install.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// A level or a filter of tracing-subscriber's form, for example `info,crowd_relay=debug`.
    pub filter: String,
    /// Text or JSON.
    pub format: Format,
}

/// Keeps what was installed; dropping it shuts the tracer down.
#[derive(Debug)]
pub struct Telemetry {
    tracer: SdkTracerProvider,
}

impl Telemetry {
    /// Installs logs and trace context for the process. Errors where the filter is none, or something is installed.
    pub fn install(config: &TelemetryConfig) -> anyhow::Result<Self> {
        Self::install_with(config, Identity::new())
    }

    /// [`Telemetry::install`], with a layer of the caller's own below the others.
    pub fn install_with(
        config: &TelemetryConfig,
        own: impl Layer<Registry> + Send + Sync,
    ) -> anyhow::Result<Self> {
        let filter = EnvFilter::try_new(&config.filter)
            .with_context(|| format!("{:?} is not a log filter; try info or debug", config.filter))?;
        // Without a collector to send to, spans are not recorded; they still have ids, which travel from hop to hop
        // and stand in error messages, and a caller's sampling decision travels with them.
        let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
        let tracer = SdkTracerProvider::builder().with_sampler(sampler).build();
        let ours = filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("crowd_"));
        let spans = tracing_opentelemetry::layer()
            .with_tracer(tracer.tracer("crowd"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(ours);
        let logs = tracing_subscriber::fmt::layer()
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr);
        let logs = match config.format {
            Format::Text => logs.with_target(false).compact().with_filter(filter).boxed(),
            Format::Json => logs.json().flatten_event(true).with_filter(filter).boxed(),
        };
        tracing_subscriber::registry()
            .with(own)
            .with(spans)
            .with(logs)
            .try_init()
            .context("logs are installed already")?;
        Ok(Self { tracer })
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        // Nothing is exported, so there is nothing to wait for.
        let _ = self.tracer.shutdown();
    }
}
