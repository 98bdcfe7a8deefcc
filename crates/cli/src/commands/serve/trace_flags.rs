//! The flags of traces. Where they go is said by OpenTelemetry's own variables.

use clap::Args;
use crowd_telemetry::{DEFAULT_RATIO, DEFAULT_STRANGERS, TraceConfig};

/// Which traces are recorded.
#[derive(Debug, Args)]
#[command(next_help_heading = "Traces")]
pub(crate) struct TraceFlags {
    /// The part of the requests that is traced, from 0 to 1, where OTEL_EXPORTER_OTLP_ENDPOINT names a collector
    ///
    /// Traces are sent there by OTLP over gRPC, for example to http://localhost:4317. OTEL_SERVICE_NAME and
    /// OTEL_RESOURCE_ATTRIBUTES say who speaks; OTEL_EXPORTER_OTLP_CERTIFICATE is a collector's own authority.
    #[arg(long, env = "CROWD_TRACE_RATIO", value_name = "PART", value_parser = ratio)]
    #[arg(default_value_t = DEFAULT_RATIO)]
    trace_ratio: f64,

    /// Traces a second that are recorded beyond that because visitors ask for it, as browsers do
    #[arg(long, env = "CROWD_TRACE_STRANGERS", value_name = "N", default_value_t = DEFAULT_STRANGERS)]
    trace_strangers: u32,
}

impl TraceFlags {
    pub(crate) fn config(&self) -> TraceConfig {
        let (ratio, strangers) = (self.trace_ratio, self.trace_strangers);
        TraceConfig { ratio, strangers, ..TraceConfig::default() }
    }
}

fn ratio(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| format!("{text:?} is no part of all; try 0, 0.01 or 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_from_nothing_to_all() {
        assert_eq!((ratio("0"), ratio("0.25"), ratio("1")), (Ok(0.0), Ok(0.25), Ok(1.0)));
        for wrong in ["-0.1", "1.01", "10%", "NaN", "", "all"] {
            assert!(ratio(wrong).unwrap_err().contains(wrong), "{wrong}");
        }
    }
}
