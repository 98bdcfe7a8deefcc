//! Something to publish, and a node that has it.

use std::collections::HashMap;
use std::sync::LazyLock;

use bytes::Bytes;
use crowd_protocol::{
    ChunkHash, ErrorCode, Manifest, ManifestBuilder, NodeMessage, PeerMessage, ProjectName, Release,
    SigningKey, Want, WireError,
};

use crate::fake_node::Session;

pub(crate) const CHUNK: usize = 1_024;

pub(crate) struct Content {
    pub(crate) release: Release,
    pub(crate) manifest: Manifest,
    /// The manifest among them.
    pub(crate) chunks: HashMap<ChunkHash, Bytes>,
    /// Requests answered with a chunk or the manifest.
    pub(crate) answered: usize,
}

pub(crate) fn project() -> &'static ProjectName {
    static PROJECT: LazyLock<ProjectName> = LazyLock::new(|| "site".parse().unwrap());
    &PROJECT
}

pub(crate) fn release(version: u64, manifest: ChunkHash) -> Release {
    let key = SigningKey::from_bytes(&[7; 32]);
    Release::sign(&key, project().clone(), version, manifest, "2026-11-22T17:00:00Z").unwrap()
}

impl Content {
    pub(crate) fn new(version: u64, files: &[(&str, &[u8])]) -> Self {
        let mut builder = ManifestBuilder::new(project().clone()).chunk_size(CHUNK as u32);
        let mut chunks = HashMap::new();
        for (path, bytes) in files {
            builder.add(path, "text/plain", bytes).unwrap();
            for chunk in bytes.chunks(CHUNK) {
                chunks.insert(ChunkHash::of(chunk), Bytes::copy_from_slice(chunk));
            }
        }
        let manifest = builder.build().unwrap();
        let bytes = Bytes::from(manifest.to_json().unwrap());
        let release = release(version, ChunkHash::of(&bytes));
        chunks.insert(release.manifest, bytes);
        Self { release, manifest, chunks, answered: 0 }
    }

    /// Plays a node that has everything, until the peer leaves or says what `until` knows.
    pub(crate) async fn serve(
        &mut self,
        session: &mut Session,
        mut until: impl FnMut(&PeerMessage) -> bool,
    ) -> Option<PeerMessage> {
        while let Some(message) = session.try_next().await {
            match &message {
                PeerMessage::Resolve { id, .. } => {
                    let release = self.release.clone();
                    session.send(NodeMessage::Release { id: *id, release, peers: 1 }).await;
                }
                PeerMessage::Request { id, want: Want::Hash(hash), .. } => match self.chunks.get(hash) {
                    Some(bytes) => {
                        self.answered += 1;
                        session.answer(*id, bytes).await;
                    }
                    None => session.refuse(*id, &WireError::new(ErrorCode::NotFound, "no")).await,
                },
                PeerMessage::Host { id, .. } | PeerMessage::Watch { id, .. } => session.ok(*id).await,
                _ => {}
            }
            if until(&message) {
                return Some(message);
            }
        }
        None
    }
}

/// `len` bytes that don't repeat within a site.
pub(crate) fn bytes(seed: u8, len: usize) -> Vec<u8> {
    (0..len).map(|at| (at as u8).wrapping_mul(31).wrapping_add(seed).wrapping_add((at >> 8) as u8)).collect()
}
