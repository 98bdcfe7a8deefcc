//! How much of the requests is traced, to measure what that costs.

use std::str::FromStr;

use anyhow::Context;
use crowd_telemetry::TraceConfig;
use crowd_tests::{Collector, telemetry, without_telemetry};

/// What is traced.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Traces {
    /// There is no trace context at all.
    Off,
    /// Every request has an id, and none is recorded.
    Ids,
    /// This part is recorded, and sent to a collector in this process.
    Recorded(f64),
}

impl FromStr for Traces {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("off", _) => Ok(Self::Off),
            ("ids", _) => Ok(Self::Ids),
            (_, Ok(part)) if (0.0..=1.0).contains(&part) => Ok(Self::Recorded(part)),
            _ => Err(format!("{text:?} is none of off, ids and a number from 0 to 1")),
        }
    }
}

impl Traces {
    /// Installs it; the collector, where there is one. Before any node.
    pub(crate) async fn install(self) -> anyhow::Result<Option<Collector>> {
        let ratio = match self {
            Self::Off => {
                without_telemetry();
                return Ok(None);
            }
            Self::Ids => return Ok(None),
            Self::Recorded(ratio) => ratio,
        };
        let collector = Collector::sink().await;
        let endpoint = Some(collector.endpoint());
        let telemetry = telemetry().context("something else is installed")?;
        telemetry.trace(&TraceConfig { ratio, strangers: 0, endpoint, ..TraceConfig::default() })?;
        Ok(Some(collector))
    }
}
