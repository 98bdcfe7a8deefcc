//! An exporter that says so when nobody takes what it exports.

use std::time::Duration;

use crowd_trace::Seldom;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// Between two complaints.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

/// Exports by `E`.
#[derive(Debug)]
pub(crate) struct Reported<E>(pub(crate) E);

impl<E: SpanExporter> SpanExporter for Reported<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        static FAILED: Seldom = Seldom::every(COMPLAIN_EVERY);
        let spans = batch.len();
        let result = self.0.export(batch).await;
        if let Err(error) = &result
            && let Some(unsaid) = FAILED.pass()
        {
            tracing::warn!(%error, spans, unsaid, "traces.not_exported");
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}
