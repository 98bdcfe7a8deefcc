//! Finds out the commit that `crowd --version` names: from `CROWD_COMMIT` where whoever builds says it, as in a
//! container; else from the repository's own files, without git. A source archive has neither.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Of a commit's name so much is told.
const DIGITS: usize = 12;

fn main() {
    println!("cargo::rerun-if-env-changed=CROWD_COMMIT");
    println!("cargo::rerun-if-changed=build.rs");
    let said = env::var("CROWD_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = said.or_else(|| Repository::find()?.commit());
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets it");
    let commit = commit.map_or("commit unknown".to_owned(), |commit| commit.chars().take(DIGITS).collect());
    println!("cargo::rustc-env=CROWD_VERSION={version} ({commit})");
}

/// The folder where git keeps what belongs to this checkout, and the one that all checkouts share.
struct Repository {
    own: PathBuf,
    shared: PathBuf,
}

impl Repository {
    fn find() -> Option<Self> {
        let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
        let entry = here.ancestors().map(|folder| folder.join(".git")).find(|entry| entry.exists())?;
        let own = if entry.is_dir() {
            entry
        } else {
            // A worktree: a file says where.
            let text = fs::read_to_string(&entry).ok()?;
            entry.parent()?.join(text.strip_prefix("gitdir:")?.trim())
        };
        let shared = fs::read_to_string(own.join("commondir")).ok();
        let shared = shared.map_or_else(|| own.clone(), |shared| own.join(shared.trim()));
        Some(Self { own, shared })
    }

    /// What is checked out. Cargo builds again when that changes.
    fn commit(&self) -> Option<String> {
        let head = read(&self.own.join("HEAD"))?;
        let Some(branch) = head.strip_prefix("ref: ") else { return Some(head) };
        let packed = self.shared.join("packed-refs");
        watch(self.shared.join(branch).parent()?);
        watch(&packed);
        read(&self.shared.join(branch)).or_else(|| {
            let refs = fs::read_to_string(&packed).ok()?;
            let line = refs.lines().find_map(|line| line.strip_suffix(branch)?.strip_suffix(' '))?;
            Some(line.to_owned())
        })
    }
}

fn read(file: &Path) -> Option<String> {
    watch(file);
    Some(fs::read_to_string(file).ok()?.trim().to_owned())
}

/// Only what is there: for what is missing cargo would build again every time.
fn watch(path: &Path) {
    if path.exists() {
        println!("cargo::rerun-if-changed={}", path.display());
    }
}
