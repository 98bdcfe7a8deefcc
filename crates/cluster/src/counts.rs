//! What the cluster part counts with every ask and packet: each counter looked up once. What is rare is counted where it
//! happens.

use std::sync::LazyLock;

use metrics::{Counter, Histogram, counter, histogram};

/// The process's counters; several nodes in one process share them.
pub(crate) static COUNTS: LazyLock<Counts> = LazyLock::new(|| Counts {
    received: counter!("crowd_received_bytes_total", "door" => "node"),
    sent: counter!("crowd_sent_bytes_total", "door" => "node"),
    lookup_seconds: histogram!("crowd_hop_seconds", "hop" => "lookup"),
    gossip_received: counter!("crowd_gossip_packets_total", "outcome" => "received"),
});

pub(crate) struct Counts {
    /// Bytes of chunks that came from other nodes.
    pub(crate) received: Counter,
    /// Bytes of chunks that went to other nodes.
    pub(crate) sent: Counter,
    pub(crate) lookup_seconds: Histogram,
    pub(crate) gossip_received: Counter,
}
