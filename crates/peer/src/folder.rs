//! A folder on disk as a site: which of its files are published, and the manifest they make.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use crowd_protocol::{
    ChunkHash, DEFAULT_CHUNK, FileEntry, FilePath, MAX_CHUNK, MAX_CHUNKS, Manifest, ManifestBuilder,
    ProjectName,
};
use walkdir::{DirEntry, WalkDir};

use crate::folder_options::CONFIG_FILE;
use crate::media_type::without_charset;
use crate::utf8_check::Utf8Check;
use crate::{FolderOptions, PeerError, media_type};

/// Bytes read from a file at once.
const READ: usize = 256 * 1024;

/// A scanned folder.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The folder, without symlinks.
    pub root: PathBuf,
    /// Its files and chunks.
    pub manifest: Manifest,
    /// The manifest as it is stored and fetched.
    pub manifest_bytes: Bytes,
    /// Its hash: what a release names.
    pub manifest_hash: ChunkHash,
    /// What was left out, and why.
    pub skipped: Vec<Skipped>,
    /// Symlinks that lead out of the folder: what they point to is published.
    pub outside: Vec<PathBuf>,
}

/// A file or folder that is no part of the site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// Within the folder.
    pub path: PathBuf,
    /// For a person.
    pub why: &'static str,
}

/// How far a scan has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScanProgress {
    /// Files hashed.
    pub files: usize,
    /// Files in all.
    pub of_files: usize,
    /// Bytes hashed.
    pub bytes: u64,
    /// Bytes in all.
    pub of_bytes: u64,
}

impl Folder {
    /// Whose manifest it is.
    pub fn project(&self) -> &ProjectName {
        self.manifest.project()
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.manifest.files().iter().map(|file| file.size).sum()
    }

    /// Where on disk a file is.
    pub fn file_path(&self, file: &FileEntry) -> PathBuf {
        self.root.join(file.path.as_str())
    }

    /// The file that chunk `number` is of, and which of the file's chunks it is.
    pub fn place_of(&self, number: u32) -> Option<(&FileEntry, u32)> {
        let files = self.manifest.files();
        // Empty files share their start with the next file, so the last that starts there is the one with chunks.
        let after = files.partition_point(|file| file.chunks.start <= number);
        let file = files[..after].iter().rev().find(|file| !file.chunks.is_empty())?;
        file.chunks.contains(&number).then(|| (file, number - file.chunks.start))
    }
}

/// Reads and hashes a folder on a blocking thread. Names that are not for the public (`.git`, `.env`, `.ssh` …),
/// `crowd.toml` and names that no path may have are left out and listed in [`Folder::skipped`]. Symlinks are followed, as
/// a web server would; those that lead out of the folder are listed in [`Folder::outside`]. `options` come before what
/// the folder's `crowd.toml` says.
pub async fn scan(
    dir: impl Into<PathBuf>,
    options: FolderOptions,
    progress: impl FnMut(ScanProgress) + Send + 'static,
) -> Result<Folder, PeerError> {
    let dir = dir.into();
    let at = dir.clone();
    tokio::task::spawn_blocking(move || scan_blocking(&dir, options, progress))
        .await
        .map_err(|error| PeerError::join(&at, &error))?
}

fn scan_blocking(
    dir: &Path,
    options: FolderOptions,
    mut progress: impl FnMut(ScanProgress),
) -> Result<Folder, PeerError> {
    let root = dir.canonicalize().map_err(|error| PeerError::io(dir, error))?;
    if !root.is_dir() {
        return Err(PeerError::folder(dir, "it is a file: publish the folder that it is in"));
    }
    let options = options.or(FolderOptions::read(&root)?);
    let project = options.project(&root)?;
    let mut chunk_size = options.checked_chunk_size(&root)?;
    let Listed { found, skipped, outside } = list(&root)?;
    if found.is_empty() {
        return Err(PeerError::folder(dir, "there is no file to publish in it"));
    }
    let chunk_size = *chunk_size.get_or_insert_with(|| fitting_chunk_size(&found));
    let chunks = chunks_at(&found, chunk_size);
    if chunks > MAX_CHUNKS as u64 {
        let why = format!(
            "it makes {chunks} chunks of {chunk_size} bytes, and a site has at most {MAX_CHUNKS}: choose a larger \
             chunk size (at most {MAX_CHUNK}) or publish less"
        );
        return Err(PeerError::folder(dir, why));
    }
    let not_found = options
        .not_found
        .or_else(|| found.iter().any(|file| file.path.as_str() == "404.html").then(|| "404.html".to_owned()));
    let mut builder = ManifestBuilder::new(project)
        .chunk_size(chunk_size)
        .index(options.index.as_deref().unwrap_or("index.html"))
        .not_found(not_found)
        .spa(options.spa.unwrap_or(false));
    let of_bytes = found.iter().map(|file| file.size).sum();
    let mut now = ScanProgress { of_files: found.len(), of_bytes, ..ScanProgress::default() };
    progress(now);
    for file in &found {
        hash(&mut builder, &root, file, |bytes| {
            now.bytes += bytes;
            progress(now);
        })?;
        now.files += 1;
        progress(now);
    }
    let manifest = builder.build()?;
    let manifest_bytes = Bytes::from(manifest.to_json()?);
    let manifest_hash = ChunkHash::of(&manifest_bytes);
    Ok(Folder { root, manifest, manifest_bytes, manifest_hash, skipped, outside })
}

struct Found {
    path: FilePath,
    size: u64,
}

struct Listed {
    found: Vec<Found>,
    skipped: Vec<Skipped>,
    outside: Vec<PathBuf>,
}

/// The files to publish in the order of their names, and what is left out.
fn list(root: &Path) -> Result<Listed, PeerError> {
    let (mut found, mut skipped, mut outside) = (Vec::new(), Vec::new(), Vec::new());
    let mut walk = WalkDir::new(root).min_depth(1).follow_links(true).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(root).to_owned();
                let why = match () {
                    () if error.loop_ancestor().is_some() => "it is a symlink to a folder around it",
                    () if path.is_symlink() => "it is a symlink to nothing",
                    () => {
                        return Err(PeerError::io(&path, error.into()));
                    }
                };
                skipped.push(Skipped { path: inside(root, &path).to_owned(), why });
                continue;
            }
        };
        let path = inside(root, entry.path());
        let leaves = || !entry.path().canonicalize().is_ok_and(|target| target.starts_with(root));
        if entry.path_is_symlink() && leaves() {
            outside.push(path.to_owned());
        }
        match reason_to_skip(&entry) {
            Some(why) => {
                skipped.push(Skipped { path: path.to_owned(), why });
                if entry.file_type().is_dir() {
                    walk.skip_current_dir();
                }
            }
            None if entry.file_type().is_file() => match published(path) {
                Some(path) => {
                    let size =
                        entry.metadata().map_err(|error| PeerError::io(entry.path(), error.into()))?.len();
                    found.push(Found { path, size });
                }
                None => skipped.push(Skipped { path: path.to_owned(), why: "no path of a site may look so" }),
            },
            None => {}
        }
    }
    Ok(Listed { found, skipped, outside })
}

fn inside<'p>(root: &Path, path: &'p Path) -> &'p Path {
    path.strip_prefix(root).unwrap_or(path)
}

fn reason_to_skip(entry: &DirEntry) -> Option<&'static str> {
    let name = entry.file_name().as_encoded_bytes();
    if is_private(&entry.file_name().to_string_lossy()) {
        return Some("its name says that it is not for the public");
    }
    if entry.depth() == 1 && name == CONFIG_FILE.as_bytes() {
        return Some("it says how to publish the others");
    }
    if !entry.file_type().is_file() && !entry.file_type().is_dir() {
        return Some("it is no file");
    }
    None
}

/// Names that hold secrets, history or an editor's leavings. Other dotfiles, such as `.well-known` or a generator's
/// `.buildinfo`, are part of a site.
fn is_private(name: &str) -> bool {
    const EXACT: [&str; 20] = [
        ".git",
        ".gitignore",
        ".gitattributes",
        ".gitmodules",
        ".github",
        ".hg",
        ".svn",
        ".bzr",
        ".crowd",
        ".ssh",
        ".gnupg",
        ".aws",
        ".netrc",
        ".npmrc",
        ".pypirc",
        ".htpasswd",
        ".htaccess",
        ".DS_Store",
        ".idea",
        ".vscode",
    ];
    let env = name == ".env" || name.starts_with(".env.");
    let editor = name.starts_with(".#") || (name.starts_with('.') && name.ends_with(".swp"));
    EXACT.contains(&name) || env || editor || name.starts_with(".crowd-part-")
}

/// A path as the manifest has it: `/` between its segments, whatever this computer uses.
fn published(path: &Path) -> Option<FilePath> {
    let segments: Option<Vec<&str>> = path.iter().map(|segment| segment.to_str()).collect();
    FilePath::parse(&segments?.join("/")).ok()
}

fn chunks_at(found: &[Found], chunk_size: u32) -> u64 {
    found.iter().map(|file| file.size.div_ceil(u64::from(chunk_size))).sum()
}

/// The default, or where that makes too many chunks the next power of two that doesn't.
fn fitting_chunk_size(found: &[Found]) -> u32 {
    let mut size = DEFAULT_CHUNK as u32;
    while chunks_at(found, size) > MAX_CHUNKS as u64 && (size as usize) < MAX_CHUNK {
        size *= 2;
    }
    size
}

fn hash(
    builder: &mut ManifestBuilder,
    root: &Path,
    found: &Found,
    mut read: impl FnMut(u64),
) -> Result<(), PeerError> {
    let path = root.join(found.path.as_str());
    let media_type = media_type(found.path.as_str());
    let Some(bare) = without_charset(&media_type) else {
        return hash_as(builder, found, &media_type, &path, |bytes| {
            read(bytes.len() as u64);
            true
        })
        .map(drop);
    };
    let (mut check, mut counted) = (Utf8Check::default(), 0);
    let is_utf8 = hash_as(builder, found, &media_type, &path, |bytes| {
        counted += bytes.len() as u64;
        read(bytes.len() as u64);
        check.take(bytes)
    })?;
    if is_utf8 && check.end() {
        return Ok(());
    }
    // It is read again from its start: what was counted counts once.
    hash_as(builder, found, bare, &path, |bytes| {
        let again = counted.min(bytes.len() as u64);
        counted -= again;
        read(bytes.len() as u64 - again);
        true
    })
    .map(drop)
}

/// Reads and hashes one file as `media_type`, in the place of what was hashed of it before. False where `take` gave up.
fn hash_as(
    builder: &mut ManifestBuilder,
    found: &Found,
    media_type: &str,
    path: &Path,
    mut take: impl FnMut(&[u8]) -> bool,
) -> Result<bool, PeerError> {
    let failed = |error| PeerError::io(path, error);
    let mut file = File::open(path).map_err(failed)?;
    let mut entry = builder.file(found.path.as_str(), media_type)?;
    let mut buffer = vec![0; READ];
    loop {
        let n = file.read(&mut buffer).map_err(failed)?;
        if n == 0 {
            entry.finish();
            return Ok(true);
        }
        if !take(&buffer[..n]) {
            return Ok(false);
        }
        entry.write(&buffer[..n]);
    }
}
