//! What is installed for a process: log lines, and the OpenTelemetry layer that gives every span a place in a trace.

use anyhow::Context;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::{Identity, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use crate::logs::{Format, LogLines};
use crate::traces::{Destination, Exporting, LateSampler, LateTracer, TraceConfig};

/// What to install.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// A level or a filter of tracing-subscriber's form, for example `info,crowd_relay=debug`.
    pub filter: String,
    /// Text or JSON.
    pub format: Format,
}

/// Holds what was installed. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    tracer: LateTracer,
    sampler: LateSampler,
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
        let tracer = LateTracer::default();
        // Only our own: those of h2, hyper and the exporter itself would be a trace of the tracing.
        let ours = filter_fn(|metadata| {
            let target = metadata.target();
            metadata.is_span() && (target.starts_with("crowd_") || target.starts_with("crowd::"))
        })
        // All of ours are at this level. Without the hint every `trace!` of h2 and, by way of `log`, of tungstenite
        // would be looked at.
        .with_max_level_hint(LevelFilter::INFO);
        let spans = tracing_opentelemetry::layer()
            .with_tracer(tracer.clone())
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(ours.clone());
        // A filter on every layer: one without would have each span and event of h2 and hyper made, for nobody.
        tracing_subscriber::registry()
            .with(own.with_filter(ours))
            .with(spans)
            .with(LogLines::to_stderr(config.format).with_filter(filter))
            .try_init()
            .context("logs are installed already")?;
        let sampler = LateSampler::default();
        crowd_trace::decide_by(sampler.clone());
        Ok(Self { tracer, sampler })
    }

    /// From now on records traces as `config` has it, and exports them where the environment names a collector. Gives
    /// back where they go; none where nowhere. For once, and within a Tokio runtime. Errors name the variable that is
    /// wrong.
    pub fn trace(&self, config: &TraceConfig) -> anyhow::Result<Option<Destination>> {
        let Exporting { sampler, to } = Exporting::start(config)?;
        let destination = to.map(|(provider, destination)| {
            self.tracer.set(provider);
            destination
        });
        self.sampler.set(sampler);
        Ok(destination)
    }

    /// Sends what is still to be sent. Takes a bounded time, whether anybody listens or not.
    pub async fn shutdown(&self) {
        let tracer = self.tracer.clone();
        // It blocks, and needs the runtime for what it waits for.
        let _ = tokio::task::spawn_blocking(move || tracer.shutdown()).await;
    }
}
