//! What a process tells about itself: logs as text or JSON, traces for a collector, metrics for Prometheus.
//!
//! Installed once, by `main`; tests that run without it lose nothing but the telling.

mod install;
mod logs;
mod metrics;
mod traces;

pub use install::{Telemetry, TelemetryConfig};
pub use logs::Format;
pub use metrics::{Described, Kind, LabelValues, METRICS, Metrics, Process};
pub use traces::{DEFAULT_RATIO, DEFAULT_STRANGERS, Destination, TraceConfig};
