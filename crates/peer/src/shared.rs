//! What the handles of a peer and its actor both see.

use std::sync::atomic::{AtomicU64, Ordering};

use crowd_protocol::MAX_ID;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::stats::Counters;
use crate::{Connection, Event};

/// Nothing here is awaited: counters, and channels that never fill.
pub(crate) struct Shared {
    pub(crate) ids: AtomicU64,
    pub(crate) events: broadcast::Sender<Event>,
    pub(crate) connection: watch::Sender<Option<Connection>>,
    pub(crate) counters: Counters,
    pub(crate) cancel: CancellationToken,
}

impl Shared {
    pub(crate) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed) & MAX_ID
    }

    /// Tells who listens; that nobody does is fine.
    pub(crate) fn emit(&self, event: Event) {
        self.events.send(event).ok();
    }
}
