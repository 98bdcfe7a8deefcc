//! A release as it is fetched: manifest and chunks, each believed for its hash.

use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{ChunkHash, ErrorCode, Manifest, ProjectName, Release, WireError};

use crate::{Peer, PeerError};

/// Chunks asked for at once: enough to fill a link of 100 Mbit/s over a second's delay with the default chunk size.
pub const FETCH_WINDOW: usize = 32;
/// Before the second and the third try for a chunk: a host that moves to another node is back within these.
const AGAIN: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1_500)];

/// A release and its manifest, verified from the owner's signature down.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its signature holds.
    pub release: Release,
    /// What the release names.
    pub manifest: Manifest,
    /// The same, as it is stored and served.
    pub manifest_bytes: Bytes,
}

impl Site {
    /// Fetches the manifest of a release that is verified already.
    pub async fn fetch(peer: &Peer, release: Release) -> Result<Self, PeerError> {
        let bytes = retrying(|| peer.request_hash(&release.project, &release.manifest)).await?;
        Self::of(release, bytes)
    }

    /// A site whose manifest is here already. Errors are `bad_manifest`.
    pub fn of(release: Release, manifest_bytes: Bytes) -> Result<Self, PeerError> {
        let found = ChunkHash::of(&manifest_bytes);
        if found != release.manifest {
            return Err(PeerError::WrongHash { wanted: release.manifest, found });
        }
        let manifest = Manifest::parse(&manifest_bytes, &release.project)?;
        Ok(Self { release, manifest, manifest_bytes })
    }

    /// Whose it is.
    pub fn project(&self) -> &ProjectName {
        &self.release.project
    }

    /// Fetches the chunk `hash`, which should have `len` bytes.
    pub async fn fetch_chunk(&self, peer: &Peer, hash: &ChunkHash, len: u32) -> Result<Bytes, PeerError> {
        let bytes = retrying(|| peer.request_hash(self.project(), hash)).await?;
        if bytes.len() != len as usize {
            let why = format!("chunk {hash} has {} bytes where the manifest has {len}", bytes.len());
            return Err(WireError::new(ErrorCode::BadManifest, why).into());
        }
        Ok(bytes)
    }
}

/// Tries again what may well succeed a moment later.
async fn retrying<T, F: Future<Output = Result<T, PeerError>>>(
    attempt: impl Fn() -> F,
) -> Result<T, PeerError> {
    for wait in AGAIN {
        match attempt().await {
            Err(error) if error.is_transient() => {
                tracing::debug!(%error, "fetch.again");
                tokio::time::sleep(wait).await;
            }
            done => return done,
        }
    }
    attempt().await
}
