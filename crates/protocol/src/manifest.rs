//! The manifest: a project's files and the chunks they are made of, checked and indexed.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::json::Object;
use crate::message::is_media_type;
use crate::{
    ChunkHash, ErrorCode, FilePath, MAX_CHUNK, MAX_CHUNKS, MAX_MANIFEST, MIN_CHUNK, ProjectName, RequestPath,
    WireError,
};

/// The JSON of a manifest, field for field. What it says is unchecked.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ManifestJson {
    pub(crate) crowd: u64,
    pub(crate) project: String,
    pub(crate) chunk_size: u64,
    pub(crate) index: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_found: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) spa: bool,
    pub(crate) files: Vec<Object<FileJson>>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct FileJson {
    pub(crate) path: String,
    #[serde(rename = "type")]
    pub(crate) media_type: String,
    pub(crate) size: u64,
    pub(crate) chunks: Vec<ChunkHash>,
}

/// One file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// Where in the project.
    pub path: FilePath,
    /// Its `Content-Type`.
    pub media_type: Box<str>,
    /// Bytes.
    pub size: u64,
    /// Its chunks' numbers within the manifest; empty for an empty file.
    pub chunks: Range<u32>,
}

/// What a requested path comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution<'m> {
    /// This file, with this HTTP status: 200, or 404 where it is the `not_found` file.
    File(&'m FileEntry, u16),
    /// A folder named without its slash, whose index is this file: HTTP redirects, the WebSocket answers it.
    Folder(&'m FileEntry),
    /// No such file, and nothing to show in its place.
    NotFound,
}

/// A valid manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    project: ProjectName,
    chunk_size: u32,
    index: String,
    not_found: Option<String>,
    spa: bool,
    files: Vec<FileEntry>,
    chunks: Vec<ChunkHash>,
    /// Chunk numbers in the order of their hashes, for look-ups by hash.
    by_hash: Vec<u32>,
}

fn bad(why: impl Into<std::borrow::Cow<'static, str>>) -> WireError {
    WireError::new(ErrorCode::BadManifest, why)
}

impl Manifest {
    /// Reads and checks the manifest of `project`. Errors are `bad_manifest`, or `too_large` over 1 MiB or 15,000
    /// chunks.
    pub fn parse(json: &[u8], project: &ProjectName) -> Result<Self, WireError> {
        if json.len() > MAX_MANIFEST {
            return Err(WireError::new(ErrorCode::TooLarge, "a manifest has at most 1 MiB"));
        }
        let json = std::str::from_utf8(json).map_err(|error| bad(format!("not a manifest: {error}")))?;
        let Object::<ManifestJson>(json) =
            serde_json::from_str(json).map_err(|error| bad(format!("not a manifest: {error}")))?;
        if json.project != project.as_str() {
            return Err(bad("the manifest is of another project"));
        }
        Self::check(json, project.clone())
    }

    pub(crate) fn check(json: ManifestJson, project: ProjectName) -> Result<Self, WireError> {
        if json.crowd != 1 {
            return Err(bad("crowd is 1, the version of the format"));
        }
        let size_range = MIN_CHUNK as u64..=MAX_CHUNK as u64;
        if !size_range.contains(&json.chunk_size) || !json.chunk_size.is_power_of_two() {
            return Err(bad("chunk_size is a power of two from 1,024 to 262,144"));
        }
        if json.index.contains('/') || FilePath::parse(&json.index).is_err() {
            return Err(bad("index is the name of a file, without a folder"));
        }
        if json.not_found.as_deref().is_some_and(|path| FilePath::parse(path).is_err()) {
            return Err(bad("not_found is the path of a file"));
        }
        if json.files.iter().map(|Object(file)| file.chunks.len()).sum::<usize>() > MAX_CHUNKS {
            return Err(WireError::new(ErrorCode::TooLarge, "a manifest has at most 15,000 chunks"));
        }
        let mut chunks = Vec::new();
        let mut files: Vec<FileEntry> = Vec::with_capacity(json.files.len());
        for Object(file) in json.files {
            let path = FilePath::parse(&file.path)
                .map_err(|error| bad(format!("{:?}: {}", file.path, error.message)))?;
            let why = if files.last().is_some_and(|last| last.path >= path) {
                Some("files are sorted by the bytes of their paths, each once")
            } else if file.path.starts_with(".crowd/") {
                Some("no file lies under .crowd/")
            } else if !is_media_type(&file.media_type) {
                Some("a type is printable ASCII of at most 255 bytes")
            } else if file.size.div_ceil(json.chunk_size) != file.chunks.len() as u64 {
                Some("the number of chunks does not fit the size")
            } else {
                None
            };
            if let Some(why) = why {
                return Err(bad(format!("{:?}: {why}", file.path)));
            }
            let first = chunks.len() as u32;
            chunks.extend(file.chunks);
            files.push(FileEntry {
                path,
                media_type: file.media_type.into(),
                size: file.size,
                chunks: first..chunks.len() as u32,
            });
        }
        no_file_is_a_folder(&files)?;
        let mut by_hash: Vec<u32> = (0..chunks.len() as u32).collect();
        by_hash.sort_unstable_by_key(|number| (chunks[*number as usize], *number));
        Ok(Self {
            project,
            chunk_size: json.chunk_size as u32,
            index: json.index,
            not_found: json.not_found,
            spa: json.spa,
            files,
            chunks,
            by_hash,
        })
    }

    /// The JSON of the manifest: the same bytes for the same manifest, at most 1 MiB, else `too_large`.
    pub fn to_json(&self) -> Result<Vec<u8>, WireError> {
        let files = self.files.iter().map(|file| {
            Object(FileJson {
                path: file.path.as_str().to_owned(),
                media_type: file.media_type.to_string(),
                size: file.size,
                chunks: self.file_chunks(file).to_vec(),
            })
        });
        let json = ManifestJson {
            crowd: 1,
            project: self.project.to_string(),
            chunk_size: u64::from(self.chunk_size),
            index: self.index.clone(),
            not_found: self.not_found.clone(),
            spa: self.spa,
            files: files.collect(),
        };
        let json = serde_json::to_vec(&json).expect("a manifest has no keys that are not text");
        if json.len() > MAX_MANIFEST {
            return Err(WireError::new(ErrorCode::TooLarge, "a manifest has at most 1 MiB"));
        }
        Ok(json)
    }

    /// Whose it is.
    pub fn project(&self) -> &ProjectName {
        &self.project
    }

    /// All files, in the order of their paths.
    pub fn files(&self) -> &[FileEntry] {
        &self.files
    }

    /// The hashes of all chunks, by their number, repeats included.
    pub fn chunks(&self) -> &[ChunkHash] {
        &self.chunks
    }

    /// The hashes of one file's chunks.
    pub fn file_chunks(&self, file: &FileEntry) -> &[ChunkHash] {
        &self.chunks[file.chunks.start as usize..file.chunks.end as usize]
    }

    /// Bytes of every chunk but the last of each file.
    pub fn chunk_size(&self) -> u32 {
        self.chunk_size
    }

    /// Bytes of the `at`-th chunk of `file`.
    pub fn chunk_len(&self, file: &FileEntry, at: u32) -> u32 {
        let start = u64::from(at) * u64::from(self.chunk_size);
        file.size.saturating_sub(start).min(u64::from(self.chunk_size)) as u32
    }

    /// The numbers under which `hash` is listed; none where it is in no file.
    pub fn numbers_of(&self, hash: &ChunkHash) -> &[u32] {
        let hash_at = |number: &u32| self.chunks[*number as usize];
        let start = self.by_hash.partition_point(|number| hash_at(number) < *hash);
        let len = self.by_hash[start..].partition_point(|number| hash_at(number) == *hash);
        &self.by_hash[start..start + len]
    }

    /// The file at exactly this path.
    pub fn file(&self, path: &str) -> Option<&FileEntry> {
        let at = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        Some(&self.files[at])
    }

    /// What `path` comes to: the file, a folder's index, or what stands in for what is missing.
    pub fn resolve(&self, path: &RequestPath) -> Resolution<'_> {
        let folder = path.as_str().trim_end_matches('/');
        let index = if folder.is_empty() { self.index.clone() } else { format!("{folder}/{}", self.index) };
        if path.is_folder() {
            if let Some(file) = self.file(&index) {
                return Resolution::File(file, 200);
            }
        } else if let Some(file) = self.file(path.as_str()) {
            return Resolution::File(file, 200);
        } else if let Some(file) = self.file(&index) {
            return Resolution::Folder(file);
        }
        if self.spa {
            return self.file(&self.index).map_or(Resolution::NotFound, |file| Resolution::File(file, 200));
        }
        let stand_in = self.not_found.as_deref().and_then(|path| self.file(path));
        stand_in.map_or(Resolution::NotFound, |file| Resolution::File(file, 404))
    }

    /// Bytes of memory that the manifest takes, about: what bounds a cache of manifests.
    pub fn weight(&self) -> usize {
        let files: usize = self
            .files
            .iter()
            .map(|file| size_of::<FileEntry>() + file.path.as_str().len() + file.media_type.len())
            .sum();
        size_of::<Self>() + files + self.chunks.len() * (size_of::<ChunkHash>() + size_of::<u32>())
    }
}

/// `files` are sorted: what lies in a folder of a file's name would start where that name and a slash would stand.
fn no_file_is_a_folder(files: &[FileEntry]) -> Result<(), WireError> {
    for file in files {
        let folder = format!("{}/", file.path.as_str());
        let first = files.partition_point(|other| other.path.as_str() < folder.as_str());
        if files.get(first).is_some_and(|other| other.path.as_str().starts_with(&folder)) {
            return Err(bad(format!("{:?} is both a file and a folder", file.path.as_str())));
        }
    }
    Ok(())
}
