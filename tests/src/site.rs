//! A site made of bytes in memory, with its owner's key.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use crowd_protocol::{ChunkHash, Manifest, ManifestBuilder, ProjectName, Release, SigningKey};

/// One version of a project: files, chunks, manifest, signed release.
#[derive(Debug, Clone)]
pub struct TestSite {
    /// The signed release.
    pub release: Release,
    /// Its manifest.
    pub manifest: Arc<Manifest>,
    files: Arc<HashMap<String, Bytes>>,
    chunks: Arc<HashMap<ChunkHash, Bytes>>,
}

impl TestSite {
    /// Version 1 of `name`, owned by the key that `owner` seeds, with an index, a style sheet and a picture of three
    /// chunks.
    pub fn small(name: &str, owner: u8) -> Self {
        Self::of(
            name,
            owner,
            1,
            &[
                ("index.html", Bytes::from(format!("<!doctype html><title>{name}</title><h1>Hello</h1>"))),
                ("style.css", Bytes::from_static(b"h1 { color: teal }")),
                ("images/sea.bin", noise(u64::from(owner), 2 * 65_536 + 1_000)),
                ("empty.txt", Bytes::new()),
                ("docs/index.html", Bytes::from_static(b"<!doctype html><title>Docs</title>")),
                ("404.html", Bytes::from_static(b"<!doctype html><title>Nothing here</title>")),
            ],
        )
    }

    /// A site of these files in chunks of 64 KiB.
    pub fn of(name: &str, owner: u8, version: u64, files: &[(&str, Bytes)]) -> Self {
        Self::chunked(name, owner, version, 65_536, files)
    }

    /// A site of these files in chunks of `chunk_size` bytes.
    pub fn chunked(name: &str, owner: u8, version: u64, chunk_size: u32, files: &[(&str, Bytes)]) -> Self {
        let project = ProjectName::parse(name).expect("a valid name");
        let not_found = files.iter().any(|(path, _)| *path == "404.html").then(|| "404.html".to_owned());
        let mut builder = ManifestBuilder::new(project).chunk_size(chunk_size).not_found(not_found);
        let mut chunks = HashMap::new();
        for (path, bytes) in files {
            builder.add(path, media_type(path), bytes).expect("a valid path");
            for at in (0..bytes.len()).step_by(chunk_size as usize) {
                let chunk = bytes.slice(at..bytes.len().min(at + chunk_size as usize));
                chunks.insert(ChunkHash::of(&chunk), chunk);
            }
        }
        let manifest = builder.build().expect("a valid manifest");
        let json = Bytes::from(manifest.to_json().expect("a small manifest"));
        let mut site = Self::of_manifest(name, owner, version, json);
        chunks.extend(site.chunks.iter().map(|(hash, bytes)| (*hash, bytes.clone())));
        site.manifest = Arc::new(manifest);
        site.chunks = Arc::new(chunks);
        site.files =
            Arc::new(files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.clone())).collect());
        site
    }

    /// A release of whatever `manifest` says, valid or not; its only chunk is the manifest.
    pub fn of_manifest(name: &str, owner: u8, version: u64, manifest: Bytes) -> Self {
        let project = ProjectName::parse(name).expect("a valid name");
        let hash = ChunkHash::of(&manifest);
        let key = SigningKey::from_bytes(&[owner; 32]);
        let release = Release::sign(&key, project.clone(), version, hash, "2026-01-01T00:00:00Z");
        let empty = ManifestBuilder::new(project).build().expect("a site without files is valid");
        Self {
            release: release.expect("a valid release"),
            manifest: Arc::new(empty),
            files: Arc::default(),
            chunks: Arc::new(HashMap::from([(hash, manifest)])),
        }
    }

    /// Its name.
    pub fn project(&self) -> &ProjectName {
        &self.release.project
    }

    /// The bytes of a file.
    pub fn file(&self, path: &str) -> Bytes {
        self.files[path].clone()
    }

    /// The bytes of a chunk, or of the manifest.
    pub fn chunk(&self, hash: &ChunkHash) -> Option<Bytes> {
        self.chunks.get(hash).cloned()
    }

    /// The hash of the `at`-th chunk of a file.
    pub fn hash(&self, path: &str, at: usize) -> ChunkHash {
        let file = self.manifest.file(path).expect("the file is in the site");
        self.manifest.file_chunks(file)[at]
    }
}

/// Bytes that repeat nowhere, the same for the same seed.
pub fn noise(seed: u64, len: usize) -> Bytes {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes.into()
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
