//! The metrics of the process, in the text form that Prometheus reads. What there is says [`METRICS`].

mod described;
mod list;
mod process;

use std::sync::OnceLock;
use std::time::Duration;

use metrics::gauge;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

pub use self::described::{Described, Kind, LabelValues};
pub use self::list::METRICS;
pub use self::process::Process;

/// Upper bounds of the latency histograms, in seconds.
const SECONDS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// How often histograms are folded, so that they do not grow between two scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Reads what was counted.
#[derive(Debug, Clone, Copy)]
pub struct Metrics(());

impl Metrics {
    /// Installs the process's recorder, or finds the one that is there; every metric of [`METRICS`] is in it from now
    /// on. Comes before anything that counts: who asked for a counter earlier counts into nothing. Errors where
    /// another crate installed one.
    pub fn install() -> anyhow::Result<Self> {
        if RECORDER.get().is_none() {
            let builder = PrometheusBuilder::new()
                .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?;
            let handle = builder.install_recorder()?;
            RECORDER.get_or_init(|| handle);
            METRICS.iter().filter(|metric| !Process::says(metric)).for_each(Described::register);
        }
        Ok(Self(()))
    }

    /// Says what runs, in the label of `crowd_build_info`.
    pub fn build(self, version: &'static str) {
        gauge!("crowd_build_info", "version" => version).set(1.0);
    }

    /// All metrics as Prometheus text, those of the process as they are now. Blocks while it counts descriptors.
    pub fn render(self) -> String {
        let mut text = RECORDER.get().map(PrometheusHandle::render).unwrap_or_default();
        text.push_str(&Process::read_whole().render());
        text
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
