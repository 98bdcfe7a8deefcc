//! Chunks in a folder, each in a file named after its hash. Written whole or not at all, verified when read.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use crowd_protocol::{ChunkHash, ProjectName};

use crate::{ChunkStore, Fetching, PeerError};

/// A content-addressed folder. Clones share it. Losing power may lose chunks, which are then fetched again, but a
/// chunk that reads is right: nothing is synced, everything is hashed.
#[derive(Debug, Clone)]
pub struct DirStore {
    root: Arc<Path>,
    /// Sets the temporary files of this process apart.
    writes: Arc<AtomicU64>,
}

impl DirStore {
    /// Chunks under `root`, which is made where it is missing.
    pub async fn open(root: impl Into<PathBuf>) -> Result<Self, PeerError> {
        let root = root.into();
        tokio::fs::create_dir_all(&root).await.map_err(|error| PeerError::io(&root, error))?;
        Ok(Self { root: root.into(), writes: Arc::default() })
    }

    /// Where the chunks are.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Keeps `bytes`, and says under which hash.
    pub async fn put(&self, bytes: Bytes) -> Result<ChunkHash, PeerError> {
        let store = self.clone();
        self.blocking(move || store.write(&bytes)).await
    }

    /// Reads a chunk; one that no longer hashes to its name is deleted and counts as missing.
    pub async fn read(&self, hash: ChunkHash) -> Option<Bytes> {
        let path = self.path(&hash);
        tokio::task::spawn_blocking(move || {
            let bytes = std::fs::read(&path).ok()?;
            if ChunkHash::of(&bytes) == hash {
                return Some(Bytes::from(bytes));
            }
            tracing::warn!(path = %path.display(), "chunk.damaged");
            std::fs::remove_file(&path).ok();
            None
        })
        .await
        .ok()
        .flatten()
    }

    /// Deletes every chunk that is not in `wanted`; how many it was.
    pub async fn retain(&self, wanted: HashSet<ChunkHash>) -> Result<usize, PeerError> {
        let root = Arc::clone(&self.root);
        self.blocking(move || {
            let mut deleted = 0;
            for entry in walkdir::WalkDir::new(&*root).min_depth(2).max_depth(2).into_iter().flatten() {
                let name = entry.file_name().to_string_lossy();
                let kept = ChunkHash::parse(&name).is_ok_and(|hash| wanted.contains(&hash));
                if !kept && entry.file_type().is_file() {
                    std::fs::remove_file(entry.path()).map_err(|error| PeerError::io(entry.path(), error))?;
                    deleted += 1;
                }
            }
            Ok(deleted)
        })
        .await
    }

    /// `ab/abcdef…`: 256 folders keep each of them short.
    fn path(&self, hash: &ChunkHash) -> PathBuf {
        let name = hash.to_string();
        self.root.join(&name[..2]).join(name)
    }

    fn write(&self, bytes: &[u8]) -> Result<ChunkHash, PeerError> {
        let hash = ChunkHash::of(bytes);
        let path = self.path(&hash);
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        let temporary = path.with_extension(format!("{}-{number}.part", std::process::id()));
        let write = || -> io::Result<()> {
            std::fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
            std::fs::write(&temporary, bytes)?;
            std::fs::rename(&temporary, &path)
        };
        write().map_err(|error| {
            std::fs::remove_file(&temporary).ok();
            PeerError::io(&path, error)
        })?;
        Ok(hash)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PeerError> + Send + 'static,
    ) -> Result<T, PeerError> {
        tokio::task::spawn_blocking(work).await.map_err(|error| PeerError::join(&self.root, &error))?
    }
}

impl ChunkStore for DirStore {
    fn get<'s>(&'s self, _project: &'s ProjectName, hash: &'s ChunkHash) -> Fetching<'s> {
        Box::pin(self.read(*hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_damaged_chunk_is_missing_and_what_is_unwanted_goes() {
        let dir = tempfile::tempdir().unwrap();
        let store = DirStore::open(dir.path().join("chunks")).await.unwrap();
        let [a, b] = [store.put("a".into()).await.unwrap(), store.put("b".into()).await.unwrap()];
        assert_eq!(store.read(a).await.unwrap(), "a");
        std::fs::write(store.path(&a), "changed").unwrap();
        assert_eq!(store.read(a).await, None);
        assert!(!store.path(&a).exists());
        let c = store.put("c".into()).await.unwrap();
        assert_eq!(store.retain([c].into()).await.unwrap(), 1);
        assert_eq!((store.read(b).await, store.read(c).await), (None, Some("c".into())));
    }
}
