//! What sessions count with every message: each counter looked up once. What is rare is counted where it happens.

use std::sync::LazyLock;

use metrics::{Counter, counter};

/// The process's counters; several nodes in one process share them.
pub(crate) static COUNTS: LazyLock<Counts> = LazyLock::new(|| Counts {
    received: counter!("crowd_received_bytes_total", "door" => "ws"),
    sent: counter!("crowd_sent_bytes_total", "door" => "ws"),
    outbox_full: counter!("crowd_queue_full_total", "queue" => "outbox"),
    updates_full: counter!("crowd_queue_full_total", "queue" => "updates"),
});

pub(crate) struct Counts {
    pub(crate) received: Counter,
    pub(crate) sent: Counter,
    pub(crate) outbox_full: Counter,
    pub(crate) updates_full: Counter,
}
