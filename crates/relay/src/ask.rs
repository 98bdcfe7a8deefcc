//! One sessioncast as the relay sees it: what is asked, of whom it may be asked, and what comes back.

use std::sync::Arc;

use bytes::Bytes;
use crowd_protocol::{ChunkHash, ProjectName, TraceParent, WireError};
use tokio::sync::oneshot;

use crate::RoomPermit;

/// How far a request may travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// To this node's own peers only: what another node forwarded is never forwarded again.
    Local,
    /// To the whole cluster.
    Cluster,
}

/// A chunk to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkAsk {
    /// Of which project.
    pub project: ProjectName,
    /// A release that lists the chunk, or whose manifest it is.
    pub version: u64,
    /// Its name.
    pub hash: ChunkHash,
    /// Its bytes, or the most that it may have where that is not known.
    pub size: u32,
    /// True where it is the manifest itself, which every host has.
    pub manifest: bool,
    /// True where an answer of another length than `size` is `bad_manifest`: for requests by path.
    pub exact: bool,
}

/// A chunk ask on its way to one responder.
#[derive(Debug)]
pub struct Ask {
    /// What is asked.
    pub chunk: ChunkAsk,
    /// The span that asks.
    pub trace: Option<TraceParent>,
    /// Where the answer goes; closed once nobody waits for it any more.
    pub reply: oneshot::Sender<Result<Bytes, WireError>>,
}

/// A verified chunk. Its bytes are shared; the room they take is free when the last clone is gone.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The bytes, whose SHA-256 is what was asked for.
    pub bytes: Bytes,
    _room: Option<Arc<RoomPermit>>,
}

impl Chunk {
    /// A chunk whose bytes are accounted for by `room`; none where the cache accounts for them.
    pub(crate) fn new(bytes: Bytes, room: Option<Arc<RoomPermit>>) -> Self {
        Self { bytes, _room: room }
    }

    /// The chunk of a file without bytes.
    pub fn empty() -> Self {
        Self::new(Bytes::new(), None)
    }
}
