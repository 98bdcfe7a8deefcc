//! What a node counts of itself, as it tells other nodes in its report and operators in an overview.

use serde::Serialize;

/// One node in numbers. Their names in JSON are part of `/api/overview`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Figures {
    /// Connected peers.
    pub peers: u64,
    /// How many there may be.
    pub max_peers: u64,
    /// Projects that they host.
    pub projects: u64,
    /// Rows of the directory that it holds for other nodes.
    pub directory_rows: u64,
    /// Chunks in its cache.
    pub cache_chunks: u64,
    /// Their bytes.
    pub cache_bytes: u64,
    /// Bytes that they may have.
    pub cache_limit: u64,
    /// The part of the room for answers that is taken, 0 to 1.
    pub room_used: f64,
    /// Processor seconds a second, lately.
    pub cpu: f64,
    /// Processors.
    pub cpus: u32,
    /// Resident memory, in bytes.
    pub memory: u64,
    /// Projects that it does not carry.
    pub denied: u64,
}
