//! Recorded traces on their way to a collector: in batches, by a thread of its own, dropped where it can't keep up.

use std::time::Duration;

use anyhow::Context;
use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::EnvResourceDetector;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

use super::destination::Destination;
use super::reported::Reported;
use super::sampler::HeadSampler;
use super::{DEFAULT_RATIO, DEFAULT_STRANGERS};

/// A collector that takes no batch within this time gets the next one. Shorter than the time that the end of the
/// process waits.
const EXPORTED_BY: Duration = Duration::from_secs(3);
const SERVICE: &str = "crowd";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";

/// Which traces are recorded, and in whose name.
#[derive(Debug, Clone)]
pub struct TraceConfig {
    /// What tells this process from others of the service: a node's name.
    pub instance: Option<String>,
    /// Of the requests that come in, the part that is recorded: 0 to 1.
    pub ratio: f64,
    /// Traces a second that are recorded beyond that because strangers ask for it.
    pub strangers: u32,
    /// A collector other than the one that the environment names.
    pub endpoint: Option<String>,
    /// Recorded even where there is no collector: for who shows spans as they happen.
    pub unheard: bool,
}

impl Default for TraceConfig {
    fn default() -> Self {
        Self {
            instance: None,
            ratio: DEFAULT_RATIO,
            strangers: DEFAULT_STRANGERS,
            endpoint: None,
            unheard: false,
        }
    }
}

/// What is recorded, and where it goes.
pub(crate) struct Exporting {
    pub(crate) sampler: HeadSampler,
    /// None where there is no collector.
    pub(crate) to: Option<(SdkTracerProvider, Destination)>,
}

impl Exporting {
    /// Records nothing of its own where the environment names no collector.
    pub(crate) fn start(config: &TraceConfig) -> anyhow::Result<Self> {
        let destination = match &config.endpoint {
            Some(endpoint) => Some(Destination(endpoint.clone())),
            None => Destination::from_env()?,
        };
        let Some(destination) = destination else {
            let ratio = if config.unheard { config.ratio } else { 0.0 };
            return Ok(Self { sampler: HeadSampler::new(ratio, config.strangers), to: None });
        };
        let mut exporter =
            SpanExporter::builder().with_tonic().with_endpoint(&destination.0).with_timeout(EXPORTED_BY);
        if let Some(tls) = destination.tls()? {
            exporter = exporter.with_tls_config(tls);
        }
        let exporter = exporter.build().with_context(|| format!("traces can't be sent to {destination}"))?;
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::AlwaysOn)
            .with_resource(resource(config.instance.clone()))
            .with_batch_exporter(Reported(exporter))
            .build();
        let sampler = HeadSampler::new(config.ratio, config.strangers);
        Ok(Self { sampler, to: Some((provider, destination)) })
    }
}

/// Who speaks. What the environment says (`OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`) wins.
fn resource(instance: Option<String>) -> Resource {
    let instance = instance.map(|name| KeyValue::new("service.instance.id", name));
    let resource = Resource::builder_empty()
        .with_service_name(SERVICE)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(instance)
        .with_detector(Box::new(EnvResourceDetector::new()));
    match std::env::var(SERVICE_NAME) {
        Ok(name) if !name.is_empty() => resource.with_service_name(name).build(),
        _ => resource.build(),
    }
}
