//! What a handle asks of the actor.

use std::sync::Arc;

use crowd_protocol::{NodeMessage, PeerMessage, WireError};
use tokio::sync::oneshot;

use crate::ChunkStore;

/// What a node answered.
pub(crate) type Answered = Result<NodeMessage, WireError>;

/// A message to send, and what belongs to it.
pub(crate) struct Command {
    pub(crate) message: PeerMessage,
    /// With `publish` and `host`: where the project's chunks are.
    pub(crate) store: Option<Arc<dyn ChunkStore>>,
    /// With every message that is answered.
    pub(crate) reply: Option<oneshot::Sender<Answered>>,
}
