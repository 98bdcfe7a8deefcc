//! The file that a local registry is in: opened, or made in one step, so that a kill leaves all of it or nothing.

use std::path::{Path, PathBuf};

use redb::{Builder, Database, DatabaseError, StorageError};

use crate::RegistryError;
use crate::store::identify;

/// The file in the data directory.
pub(crate) const FILE: &str = "registry.redb";
/// What a registry is called while it is made.
pub(crate) const UNFINISHED: &str = "registry.redb.new";
/// redb's page cache, whose default is 1 GiB. The records of ten thousand names fit, and the system caches the rest.
const CACHE_BYTES: usize = 16 << 20;

/// A registry's file.
#[derive(Debug, Clone)]
pub(crate) struct DatabaseFile {
    dir: PathBuf,
    path: PathBuf,
}

impl DatabaseFile {
    /// The one in `dir`, whether or not it is there.
    pub(crate) fn of(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), path: dir.join(FILE) }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn exists(&self) -> bool {
        self.path.exists()
    }

    /// Errors name the file.
    pub(crate) fn open(&self) -> Result<Database, RegistryError> {
        builder().open(&self.path).map_err(|error| self.name(opening(error)))
    }

    /// Opens it, or makes it and its directory, with the id `id` or a new one.
    pub(crate) fn open_or_create(&self, id: Option<&str>) -> Result<Database, RegistryError> {
        if self.exists() {
            return self.open();
        }
        let io = |error: std::io::Error| self.name(RegistryError::Storage(error.to_string()));
        let new_dir = !self.dir.exists();
        std::fs::create_dir_all(&self.dir).map_err(io)?;
        let unfinished = self.dir.join(UNFINISHED);
        if unfinished.exists() {
            // Left by a process that was killed, unless one is at it right now. Closed before it is emptied: closing
            // writes.
            match builder().create(&unfinished).map(drop) {
                Err(in_use @ (DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch)) => {
                    return Err(self.name(opening(in_use)));
                }
                _ => std::fs::File::create(&unfinished).map(drop).map_err(io)?,
            }
        }
        let database = builder().create(&unfinished).map_err(|error| self.name(opening(error)))?;
        if self.exists() {
            // Another process has made it meanwhile.
            drop(database);
            std::fs::remove_file(&unfinished).map_err(io)?;
            return self.open();
        }
        identify(&database, id).map_err(|error| self.name(error))?;
        std::fs::rename(&unfinished, &self.path).map_err(io)?;
        // A new file survives a power cut only once the directories that name it are on disk too.
        sync_directory(&self.dir).map_err(io)?;
        if new_dir {
            sync_directory(&self.dir.join("..")).map_err(io)?;
        }
        Ok(database)
    }

    pub(crate) fn name(&self, error: RegistryError) -> RegistryError {
        error.map_text(|why| format!("{}: {why}", self.path.display()))
    }
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}

/// A database that is gone with this value.
pub(crate) fn in_memory() -> Result<Database, RegistryError> {
    builder().create_with_backend(redb::backends::InMemoryBackend::new()).map_err(RegistryError::of)
}

fn opening(error: DatabaseError) -> RegistryError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => RegistryError::Storage(
            "it is in use by another process: one node only may keep this registry".into(),
        ),
        // How redb says that a file is not one of its own.
        DatabaseError::Storage(StorageError::Io(error))
            if error.kind() == std::io::ErrorKind::InvalidData =>
        {
            RegistryError::Corrupt(error.to_string())
        }
        error => RegistryError::of(error),
    }
}

fn sync_directory(dir: &Path) -> std::io::Result<()> {
    if cfg!(unix) { std::fs::File::open(dir)?.sync_all() } else { Ok(()) }
}
