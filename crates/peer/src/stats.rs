//! Running totals of a peer, exact even where events are lost.

use std::sync::atomic::{AtomicU64, Ordering};

/// What a peer did since it was started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Chunks that were served.
    pub served_chunks: u64,
    /// Bytes of them.
    pub served_bytes: u64,
    /// Chunks that were asked for and were not here.
    pub not_here: u64,
    /// Connections made.
    pub connections: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    served_chunks: AtomicU64,
    served_bytes: AtomicU64,
    not_here: AtomicU64,
    connections: AtomicU64,
}

impl Counters {
    pub(crate) fn served(&self, bytes: u64) {
        self.served_chunks.fetch_add(1, Ordering::Relaxed);
        self.served_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn not_here(&self) {
        self.not_here.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> Stats {
        Stats {
            served_chunks: self.served_chunks.load(Ordering::Relaxed),
            served_bytes: self.served_bytes.load(Ordering::Relaxed),
            not_here: self.not_here.load(Ordering::Relaxed),
            connections: self.connections.load(Ordering::Relaxed),
        }
    }
}
