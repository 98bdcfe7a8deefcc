//! Builds a manifest from the bytes of a folder's files, which the caller reads.

use std::collections::BTreeMap;

use crate::json::Object;
use crate::manifest::{FileJson, ManifestJson};
use crate::{ChunkHash, ChunkHasher, DEFAULT_CHUNK, ErrorCode, FilePath, Manifest, ProjectName, WireError};

/// Collects files, in any order, into a [`Manifest`].
#[derive(Debug)]
pub struct ManifestBuilder {
    project: ProjectName,
    chunk_size: u32,
    index: String,
    not_found: Option<String>,
    spa: bool,
    files: BTreeMap<String, FileJson>,
}

impl ManifestBuilder {
    /// A manifest of `project` with chunks of [`DEFAULT_CHUNK`] bytes and the index `index.html`.
    pub fn new(project: ProjectName) -> Self {
        Self {
            project,
            chunk_size: DEFAULT_CHUNK as u32,
            index: "index.html".to_owned(),
            not_found: None,
            spa: false,
            files: BTreeMap::new(),
        }
    }

    /// Bytes of a chunk: a power of two from 1,024 to 262,144, checked by [`ManifestBuilder::build`].
    pub fn chunk_size(mut self, bytes: u32) -> Self {
        self.chunk_size = bytes;
        self
    }

    /// The file name of every folder's index.
    pub fn index(mut self, name: impl Into<String>) -> Self {
        self.index = name.into();
        self
    }

    /// The file that answers for unknown paths, with status 404.
    pub fn not_found(mut self, path: Option<String>) -> Self {
        self.not_found = path;
        self
    }

    /// True: unknown paths are answered with the index, with status 200.
    pub fn spa(mut self, spa: bool) -> Self {
        self.spa = spa;
        self
    }

    /// Starts a file; `bad_path` where `path` is none. A path that was added before is replaced at its finish.
    pub fn file(&mut self, path: &str, media_type: &str) -> Result<FileBuilder<'_>, WireError> {
        let path = FilePath::parse(path)?;
        if path.as_str().starts_with(".crowd/") {
            return Err(WireError::new(ErrorCode::BadPath, "no file lies under .crowd/"));
        }
        let file = FileJson {
            path: path.as_str().to_owned(),
            media_type: media_type.to_owned(),
            size: 0,
            chunks: Vec::new(),
        };
        Ok(FileBuilder { builder: self, file, hasher: ChunkHasher::default(), filled: 0 })
    }

    /// A whole file at once.
    pub fn add(&mut self, path: &str, media_type: &str, bytes: &[u8]) -> Result<(), WireError> {
        let mut file = self.file(path, media_type)?;
        file.write(bytes);
        file.finish();
        Ok(())
    }

    /// The manifest, checked as any receiver will: `bad_manifest` or `too_large`.
    pub fn build(self) -> Result<Manifest, WireError> {
        let json = ManifestJson {
            crowd: 1,
            project: self.project.to_string(),
            chunk_size: u64::from(self.chunk_size),
            index: self.index,
            not_found: self.not_found,
            spa: self.spa,
            files: self.files.into_values().map(Object).collect(),
        };
        Manifest::check(json, self.project)
    }
}

/// Takes one file's bytes in order.
#[derive(Debug)]
pub struct FileBuilder<'b> {
    builder: &'b mut ManifestBuilder,
    file: FileJson,
    hasher: ChunkHasher,
    filled: usize,
}

impl FileBuilder<'_> {
    /// Takes the next bytes.
    pub fn write(&mut self, mut bytes: &[u8]) {
        self.file.size += bytes.len() as u64;
        let chunk_size = self.builder.chunk_size.max(1) as usize;
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(chunk_size - self.filled));
            self.hasher.update(now);
            self.filled += now.len();
            bytes = later;
            if self.filled == chunk_size {
                self.end_chunk();
            }
        }
    }

    /// Ends the file and adds it to the manifest. Its size and chunks' hashes, in order.
    pub fn finish(mut self) -> (u64, Vec<ChunkHash>) {
        if self.filled > 0 {
            self.end_chunk();
        }
        let made = (self.file.size, self.file.chunks.clone());
        self.builder.files.insert(self.file.path.clone(), self.file);
        made
    }

    fn end_chunk(&mut self) {
        self.file.chunks.push(std::mem::take(&mut self.hasher).finish());
        self.filled = 0;
    }
}
