//! crowd-telemetry
