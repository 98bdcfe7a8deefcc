//! The metrics of the process, in the text form that Prometheus reads.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the latency histograms, in seconds.
const SECONDS: &[f64] =
    &[0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// How often histograms are folded, so that they do not grow between two scrapes.
pub(crate) const UPKEEP: Duration = Duration::from_secs(5);

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Reads what was counted.
#[derive(Debug, Clone, Copy)]
pub struct Metrics(());

impl Metrics {
    /// Installs the process's recorder, or finds the one that is there. Errors where another crate installed one.
    pub fn install() -> anyhow::Result<Self> {
        if RECORDER.get().is_none() {
            let builder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?;
            let handle = builder.install_recorder()?;
            RECORDER.get_or_init(|| handle);
        }
        Ok(Self(()))
    }

    /// All metrics as Prometheus text.
    pub fn render(self) -> String {
        RECORDER.get().map(PrometheusHandle::render).unwrap_or_default()
    }

    /// Folds histograms for as long as it is polled.
    pub async fn upkeep(self) {
        loop {
            tokio::time::sleep(UPKEEP).await;
            if let Some(recorder) = RECORDER.get() {
                recorder.run_upkeep();
            }
        }
    }
}
