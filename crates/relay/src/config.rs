//! What an operator can set about the relay, with the defaults.

use std::time::Duration;

/// Bounds and time-outs of the relay.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// Bytes of verified chunks kept in memory; 0 keeps none.
    pub cache_bytes: u64,
    /// Bytes of parsed manifests kept in memory.
    pub manifest_bytes: u64,
    /// Bytes of answers that may be on their way through the node at once; a quarter of it is for manifests.
    pub room_bytes: u64,
    /// How long a request waits for room before it is `rate_limited`.
    pub room_wait: Duration,
    /// An asked peer or node that makes no progress for this long is given up.
    pub no_progress: Duration,
    /// How long it may take to find out whom to ask, all in all: manifests of hosted releases, who hosts elsewhere.
    pub lookup: Duration,
    /// How long the registry may take before what was seen last is used.
    pub registry: Duration,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            cache_bytes: 256 << 20,
            manifest_bytes: 64 << 20,
            room_bytes: 256 << 20,
            room_wait: Duration::from_secs(2),
            no_progress: Duration::from_secs(10),
            lookup: Duration::from_millis(700),
            registry: Duration::from_secs(2),
        }
    }
}
