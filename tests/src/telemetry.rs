//! Trace context for the tests' process, which is installed once for all.

use std::sync::OnceLock;

use crowd_telemetry::{Format, Telemetry, TelemetryConfig};

static TELEMETRY: OnceLock<Option<Telemetry>> = OnceLock::new();

/// What is installed, now at the latest: trace context, and logs where `CROWD_LOG` asks for them. None where somebody
/// wanted none, or installed something else.
pub fn telemetry() -> Option<&'static Telemetry> {
    let install = || {
        let filter = std::env::var("CROWD_LOG").unwrap_or_else(|_| "error".to_owned());
        Telemetry::install(&TelemetryConfig { filter, format: Format::Text }).ok()
    };
    TELEMETRY.get_or_init(install).as_ref()
}

/// Has nothing installed: for who measures what it costs.
pub fn without_telemetry() {
    TELEMETRY.get_or_init(|| None);
}
