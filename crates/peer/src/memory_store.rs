//! Chunks in memory: for tests, benches and small things.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use bytes::Bytes;
use crowd_protocol::{ChunkHash, ProjectName};

use crate::{ChunkStore, Fetching};

/// A map from hash to bytes. It is as large as what was put into it.
#[derive(Debug, Default)]
pub struct MemoryStore {
    chunks: RwLock<HashMap<ChunkHash, Bytes>>,
}

impl MemoryStore {
    /// Keeps `bytes`, and says under which hash.
    pub fn put(&self, bytes: impl Into<Bytes>) -> ChunkHash {
        let bytes = bytes.into();
        let hash = ChunkHash::of(&bytes);
        self.chunks.write().unwrap_or_else(PoisonError::into_inner).insert(hash, bytes);
        hash
    }

    /// Forgets a chunk; true where it was there.
    pub fn remove(&self, hash: &ChunkHash) -> bool {
        self.chunks.write().unwrap_or_else(PoisonError::into_inner).remove(hash).is_some()
    }
}

impl ChunkStore for MemoryStore {
    fn get<'s>(&'s self, _project: &'s ProjectName, hash: &'s ChunkHash) -> Fetching<'s> {
        let found = self.chunks.read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned();
        Box::pin(std::future::ready(found))
    }
}
