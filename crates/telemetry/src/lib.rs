//! What a process tells about itself: logs as text or JSON, trace context for every hop, metrics for Prometheus.
//!
//! Installed once, by `main`; tests that run without it lose nothing but the telling.

mod logs;
mod metrics;

pub use logs::{Format, Telemetry, TelemetryConfig};
pub use metrics::Metrics;
