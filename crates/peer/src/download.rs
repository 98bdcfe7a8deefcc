//! A release, or a folder of it, written into a folder on disk. What is there and right is kept, so that a download
//! that was broken off goes on where it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use crowd_protocol::{ChunkHash, FileEntry};
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::{FETCH_WINDOW, Peer, PeerError, Site, safe_path};

/// Files whose present bytes are hashed at once.
const CHECKING: usize = 2;

/// How far a download has come; at its end, what it came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files that are whole.
    pub files: usize,
    /// Files in all.
    pub of_files: usize,
    /// Bytes that are here and right.
    pub bytes: u64,
    /// Bytes in all.
    pub of_bytes: u64,
    /// Of the bytes, those that were fetched; the others were here before.
    pub fetched_bytes: u64,
    /// Chunks that were fetched.
    pub fetched_chunks: usize,
}

/// Writes every file below `prefix` (empty for all, else with its trailing `/`) to `dir`, by its path below the prefix.
pub async fn site(
    peer: &Peer,
    site: &Site,
    prefix: &str,
    dir: &Path,
    mut progress: impl FnMut(Progress),
) -> Result<Progress, PeerError> {
    let root = open_root(dir).await?;
    let files: Vec<&FileEntry> =
        site.manifest.files().iter().filter(|file| file.path.as_str().starts_with(prefix)).collect();
    let of_bytes = files.iter().map(|file| file.size).sum();
    let mut now = Progress { of_files: files.len(), of_bytes, ..Progress::default() };
    progress(now);
    let steps = stream::iter(files)
        .map(|file| {
            let plan = Plan::new(site, file, prefix);
            let root = root.clone();
            async move { blocking(&root.clone(), move || plan.check(&root)).await }
        })
        .buffered(CHECKING)
        .map_ok(|target| stream::iter(Target::steps(Arc::new(target)).map(Ok::<_, PeerError>)))
        .try_flatten()
        .map_ok(|step| run(peer, site, step))
        .try_buffer_unordered(FETCH_WINDOW);
    let mut steps = std::pin::pin!(steps);
    while let Some(done) = steps.try_next().await? {
        now.files += usize::from(done.whole);
        now.bytes += done.kept + done.fetched;
        now.fetched_bytes += done.fetched;
        now.fetched_chunks += usize::from(done.fetched > 0);
        progress(now);
    }
    Ok(now)
}

/// What a file should be.
struct Plan {
    /// As the manifest has it, below the prefix.
    path: String,
    size: u64,
    chunk_size: u64,
    chunks: Vec<(ChunkHash, u32)>,
}

/// A file that is being written, and which of its chunks are missing.
struct Target {
    plan: Plan,
    file: PathBuf,
    /// Where it grows until it is whole.
    part: PathBuf,
    missing: Vec<usize>,
    left: AtomicUsize,
    kept: u64,
    /// The file itself is right already.
    whole: bool,
}

enum Step {
    /// Nothing to fetch for this file.
    Finish(Arc<Target>),
    Fetch(Arc<Target>, usize),
}

struct Done {
    whole: bool,
    kept: u64,
    fetched: u64,
}

impl Plan {
    fn new(site: &Site, file: &FileEntry, prefix: &str) -> Self {
        let hashes = site.manifest.file_chunks(file).iter();
        Self {
            path: file.path.as_str()[prefix.len()..].to_owned(),
            size: file.size,
            chunk_size: u64::from(site.manifest.chunk_size()),
            chunks: hashes.zip(0..).map(|(hash, at)| (*hash, site.manifest.chunk_len(file, at))).collect(),
        }
    }

    /// Looks at what is there, and copies what is right of an older file.
    fn check(self, root: &Path) -> Result<Target, PeerError> {
        let file = safe_path::prepare(root, &self.path)?;
        let name = ChunkHash::of(self.path.as_bytes()).to_string();
        let part = file.with_file_name(format!(".crowd-part-{}", &name[..16]));
        safe_path::check_file(&part, &self.path)?;
        let failed = |error| PeerError::io(&part, error);
        let mut old = File::open(&file).ok();
        let old_size = old.as_ref().and_then(|file| file.metadata().ok()).map(|meta| meta.len());
        let mut begun = OpenOptions::new().read(true).write(true).open(&part).ok();
        let (mut missing, mut kept, mut moved) = (Vec::new(), 0, Vec::new());
        for (at, (hash, len)) in self.chunks.iter().enumerate() {
            let right = |file: &mut Option<File>| {
                let bytes = read_at(file.as_mut()?, at as u64 * self.chunk_size, *len).ok()?;
                (ChunkHash::of(&bytes) == *hash).then_some(())
            };
            if right(&mut begun).is_some() {
                kept += u64::from(*len);
            } else if right(&mut old).is_some() {
                kept += u64::from(*len);
                moved.push(at);
            } else {
                missing.push(at);
            }
        }
        let whole = old_size == Some(self.size) && moved.len() == self.chunks.len();
        if !whole {
            let mut part = match begun {
                Some(part) => part,
                None => OpenOptions::new().write(true).create_new(true).open(&part).map_err(failed)?,
            };
            for at in moved {
                let Some(old) = &mut old else { break };
                let bytes = read_at(old, at as u64 * self.chunk_size, self.chunks[at].1).map_err(failed)?;
                write_at(&mut part, at as u64 * self.chunk_size, &bytes).map_err(failed)?;
            }
        }
        let left = AtomicUsize::new(missing.len());
        Ok(Target { plan: self, file, part, missing, left, kept, whole })
    }
}

impl Target {
    fn steps(target: Arc<Self>) -> Box<dyn Iterator<Item = Step> + Send> {
        if target.missing.is_empty() {
            return Box::new(std::iter::once(Step::Finish(target)));
        }
        Box::new((0..target.missing.len()).map(move |n| Step::Fetch(Arc::clone(&target), target.missing[n])))
    }

    fn write(&self, at: usize, bytes: &Bytes) -> Result<(), PeerError> {
        let write = || {
            let mut part = OpenOptions::new().write(true).open(&self.part)?;
            write_at(&mut part, at as u64 * self.plan.chunk_size, bytes)
        };
        write().map_err(|error| PeerError::io(&self.part, error))
    }

    /// Everything is in the part: it becomes the file.
    fn finish(&self) -> Result<(), PeerError> {
        if self.whole {
            fs::remove_file(&self.part).ok();
            return Ok(());
        }
        let finish = || {
            OpenOptions::new().write(true).open(&self.part)?.set_len(self.plan.size)?;
            fs::rename(&self.part, &self.file)
        };
        finish().map_err(|error| PeerError::io(&self.file, error))
    }
}

async fn run(peer: &Peer, site: &Site, step: Step) -> Result<Done, PeerError> {
    let (target, at) = match step {
        Step::Finish(target) => {
            let kept = target.kept;
            blocking(&target.file.clone(), move || target.finish()).await?;
            return Ok(Done { whole: true, kept, fetched: 0 });
        }
        Step::Fetch(target, at) => (target, at),
    };
    let (hash, len) = target.plan.chunks[at];
    let bytes = site.fetch_chunk(peer, &hash, len).await?;
    blocking(&target.file.clone(), move || {
        target.write(at, &bytes)?;
        let whole = target.left.fetch_sub(1, Ordering::AcqRel) == 1;
        if whole {
            target.finish()?;
        }
        Ok(Done { whole, kept: if whole { target.kept } else { 0 }, fetched: u64::from(len) })
    })
    .await
}

async fn open_root(dir: &Path) -> Result<PathBuf, PeerError> {
    let dir = dir.to_owned();
    blocking(&dir.clone(), move || {
        fs::create_dir_all(&dir).map_err(|error| PeerError::io(&dir, error))?;
        dir.canonicalize().map_err(|error| PeerError::io(&dir, error))
    })
    .await
}

async fn blocking<T: Send + 'static>(
    at: &Path,
    work: impl FnOnce() -> Result<T, PeerError> + Send + 'static,
) -> Result<T, PeerError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| PeerError::join(at, &error))?
}

fn read_at(file: &mut File, offset: u64, len: u32) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = vec![0; len as usize];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn write_at(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}
