//! A project at one release, as a request by path sees it.

use std::sync::Arc;

use crowd_protocol::{ErrorCode, FileEntry, FileInfo, Manifest, RequestPath, Resolution, WireError};
use crowd_registry::Record;

use crate::ChunkAsk;

/// The newest release and its manifest. An answer that is made from one `Site` is of one version.
#[derive(Debug, Clone)]
pub struct Site {
    /// The release.
    pub record: Arc<Record>,
    /// Its files.
    pub manifest: Arc<Manifest>,
}

/// A file that a path came to.
#[derive(Debug, Clone, Copy)]
pub struct FileRequest<'s> {
    /// The file.
    pub file: &'s FileEntry,
    /// 200, or 404 where it stands in for what is missing.
    pub status: u16,
    /// True where the path names a folder without its slash.
    pub redirect: bool,
}

impl Site {
    /// What `path` comes to, or `not_found`.
    pub fn find(&self, path: &RequestPath) -> Result<FileRequest<'_>, WireError> {
        match self.manifest.resolve(path) {
            Resolution::File(file, status) => Ok(FileRequest { file, status, redirect: false }),
            Resolution::Folder(file) => Ok(FileRequest { file, status: 200, redirect: true }),
            Resolution::NotFound => {
                Err(WireError::new(ErrorCode::NotFound, "the project has no file at that path"))
            }
        }
    }

    /// How to ask for the `at`-th chunk of `file`; past its end is `not_found`.
    pub fn ask(&self, file: &FileEntry, at: u32) -> Result<ChunkAsk, WireError> {
        let hash = self.manifest.file_chunks(file).get(at as usize);
        let hash = *hash
            .ok_or_else(|| WireError::new(ErrorCode::NotFound, "the file has fewer chunks than that"))?;
        Ok(ChunkAsk {
            project: self.record.release.project.clone(),
            version: self.record.release.version,
            hash,
            size: self.manifest.chunk_len(file, at),
            manifest: false,
            exact: true,
        })
    }

    /// What a `response` says of `file` beside its bytes.
    pub fn info(&self, request: &FileRequest<'_>, at: u32) -> FileInfo {
        FileInfo {
            version: self.record.release.version,
            media_type: request.file.media_type.to_string(),
            size: request.file.size,
            chunk: at,
            chunks: request.file.chunks.len() as u32,
            status: request.status,
        }
    }
}
