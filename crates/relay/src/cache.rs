//! Verified chunks in memory, bounded in bytes.

use bytes::Bytes;
use crowd_protocol::ChunkHash;
use moka::sync::Cache;

use crate::counts::COUNTS;

/// What an entry costs beyond its bytes, about.
const OVERHEAD: u64 = 128;

/// Chunks by hash, the least useful evicted first. What it holds was hashed by this node.
#[derive(Debug)]
pub(crate) struct ChunkCache {
    chunks: Option<Cache<ChunkHash, Bytes>>,
}

impl ChunkCache {
    /// Keeps at most `bytes`; 0 keeps nothing.
    pub(crate) fn new(bytes: u64) -> Self {
        let chunks = (bytes > 0).then(|| {
            Cache::builder()
                .max_capacity(bytes)
                .weigher(|_, chunk: &Bytes| (chunk.len() as u64 + OVERHEAD) as u32)
                .build()
        });
        Self { chunks }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.chunks.is_some()
    }

    pub(crate) fn get(&self, hash: &ChunkHash) -> Option<Bytes> {
        let found = self.chunks.as_ref()?.get(hash);
        let outcome = if found.is_some() { &COUNTS.cache_hits } else { &COUNTS.cache_misses };
        outcome.increment(1);
        found
    }

    /// Keeps a copy: the bytes that came may be a small part of a large read buffer, which they would keep alive.
    pub(crate) fn insert(&self, hash: ChunkHash, chunk: &Bytes) {
        if let Some(chunks) = &self.chunks {
            chunks.insert(hash, Bytes::copy_from_slice(chunk));
        }
    }

    /// Entries and bytes held, about.
    pub(crate) fn size(&self) -> (u64, u64) {
        self.chunks.as_ref().map_or((0, 0), |chunks| (chunks.entry_count(), chunks.weighted_size()))
    }
}
