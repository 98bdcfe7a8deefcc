//! Where the chunks that a peer serves come from.

use bytes::Bytes;
use crowd_protocol::{ChunkHash, ProjectName};
use futures_util::future::BoxFuture;

/// A chunk on its way out of a store.
pub type Fetching<'s> = BoxFuture<'s, Option<Bytes>>;

/// Has chunks of projects, manifests among them, by their hash.
pub trait ChunkStore: Send + Sync {
    /// The bytes that hash to `hash`, checked by the store itself, or none where they are not here (any more).
    /// Files are read off the runtime's threads.
    fn get<'s>(&'s self, project: &'s ProjectName, hash: &'s ChunkHash) -> Fetching<'s>;
}
