//! The handle of a connected peer: how the relay asks it, and how it is told of updates.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crowd_protocol::ProjectName;
use crowd_relay::{Kind, Mailbox, Rejected, Responder};

use crate::counts::COUNTS;

/// Updates that may wait for a peer that does not read; one more is dropped, and counted.
const NOTICES: usize = 4_096;

/// Something to tell a peer that it did not ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Updated {
    pub(crate) project: ProjectName,
    pub(crate) version: u64,
}

/// A connected peer.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) responder: Arc<Responder>,
    pub(crate) notices: Mailbox<Updated>,
    /// True where it has uploaded as much as it should: it is not picked.
    spent: AtomicBool,
}

impl Peer {
    pub(crate) fn new(id: Arc<str>) -> Self {
        Self {
            responder: Arc::new(Responder::new(id, Kind::Peer)),
            notices: Mailbox::new(NOTICES),
            spent: AtomicBool::new(false),
        }
    }

    /// True where it is not to be asked for anything.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent.load(Ordering::Relaxed)
    }

    pub(crate) fn set_spent(&self, spent: bool) {
        self.spent.store(spent, Ordering::Relaxed);
    }

    pub(crate) fn id(&self) -> &Arc<str> {
        self.responder.id()
    }

    pub(crate) fn notify(&self, project: &ProjectName, version: u64) {
        let told = self.notices.push(Updated { project: project.clone(), version });
        if matches!(told, Err((Rejected::Full, _))) {
            COUNTS.updates_full.increment(1);
        }
    }
}
