//! Serves a published folder from its own files: nothing is copied, and what has changed since is not served.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use crowd_protocol::{ChunkHash, ProjectName};

use crate::folder::Folder;
use crate::{ChunkStore, Fetching};

/// How many places that should hold the same chunk are read before it counts as missing.
const PLACES: usize = 4;

/// Reads chunks where [`crate::folder::scan`] found them and hashes them again before they leave.
#[derive(Debug, Clone)]
pub struct FolderStore {
    folder: Arc<Folder>,
}

impl FolderStore {
    /// Serves what was scanned.
    pub fn new(folder: Arc<Folder>) -> Self {
        Self { folder }
    }

    async fn read(&self, hash: ChunkHash) -> Option<Bytes> {
        if hash == self.folder.manifest_hash {
            return Some(self.folder.manifest_bytes.clone());
        }
        let folder = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || {
            let numbers = folder.manifest.numbers_of(&hash);
            numbers.iter().take(PLACES).find_map(|number| read_chunk(&folder, *number, &hash))
        })
        .await
        .ok()
        .flatten()
    }
}

impl ChunkStore for FolderStore {
    fn get<'s>(&'s self, project: &'s ProjectName, hash: &'s ChunkHash) -> Fetching<'s> {
        if project != self.folder.manifest.project() {
            return Box::pin(std::future::ready(None));
        }
        Box::pin(self.read(*hash))
    }
}

fn read_chunk(folder: &Folder, number: u32, hash: &ChunkHash) -> Option<Bytes> {
    let (file, at) = folder.place_of(number)?;
    let offset = u64::from(at) * u64::from(folder.manifest.chunk_size());
    let len = folder.manifest.chunk_len(file, at) as usize;
    let path = folder.file_path(file);
    let bytes = read_at(&path, offset, len)?;
    if ChunkHash::of(&bytes) != *hash {
        tracing::debug!(path = %path.display(), "file.changed");
        return None;
    }
    Some(bytes.into())
}

fn read_at(path: &Path, offset: u64, len: usize) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(offset)).ok()?;
    let mut bytes = vec![0; len];
    file.read_exact(&mut bytes).ok()?;
    Some(bytes)
}
