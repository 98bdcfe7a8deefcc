//! The registry in one file of this node (or in memory, for a demo): redb below, one writer, watchers by broadcast.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use crowd_protocol::{ProjectName, Release};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use redb::backends::InMemoryBackend;
use redb::{Builder, Database, DatabaseError, StorageError};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use crate::store::Store;
use crate::writer::Writer;
use crate::{Change, Outcome, Record, Registry, RegistryError};

/// The file in the data directory.
const FILE: &str = "registry.redb";
/// Changes that a slow watcher may be behind before it misses some; a record has a kilobyte or two.
const CHANGE_QUEUE: usize = 1024;
/// redb's page cache, whose default is 1 GiB. The records of ten thousand names fit, and the system caches the rest.
const CACHE_BYTES: usize = 16 << 20;

/// The record in a file or in memory. Dropping it waits for the claims already made, then closes the file.
pub struct LocalRegistry {
    // Before the store, so that it has ended when that closes.
    writer: Writer,
    store: Arc<Store>,
    changes: broadcast::Sender<Change>,
}

impl LocalRegistry {
    /// Opens, or creates, the record in `dir`, which is created where missing. Reads the whole file once, so that
    /// damage is [`RegistryError::Corrupt`] now and not later. The errors name the file; one that is in use by
    /// another process, or is of a later format, is [`RegistryError::Storage`].
    pub async fn open(dir: &Path) -> Result<Self, RegistryError> {
        let dir = dir.to_owned();
        let opening = tokio::task::spawn_blocking(move || Self::open_file(&dir));
        opening.await.map_err(|error| RegistryError::Storage(format!("opening it failed: {error}")))?
    }

    /// A record that is gone with this value.
    pub fn in_memory() -> Result<Self, RegistryError> {
        let database = builder().create_with_backend(InMemoryBackend::new()).map_err(RegistryError::of)?;
        Self::start(Store::new(database, None)?)
    }

    fn open_file(dir: &Path) -> Result<Self, RegistryError> {
        let path = dir.join(FILE);
        let (new_dir, new_file) = (!dir.exists(), !path.exists());
        let io = |error: std::io::Error| in_file(&path, RegistryError::Storage(error.to_string()));
        std::fs::create_dir_all(dir).map_err(io)?;
        let database = named_failure(builder().create(&path)).map_err(|error| in_file(&path, error))?;
        // A new file survives a power cut only once the directories that name it are on disk too.
        if new_file {
            sync_directory(dir).map_err(io)?;
        }
        if new_dir {
            sync_directory(&dir.join("..")).map_err(io)?;
        }
        let file = path.clone();
        let reopen = Box::new(move || named_failure(builder().open(&file)));
        let store = Store::new(database, Some(reopen)).map_err(|error| in_file(&path, error))?;
        tracing::info!(path = %path.display(), id = store.id(), names = store.len()?, "registry.opened");
        Self::start(store)
    }

    fn start(store: Store) -> Result<Self, RegistryError> {
        let store = Arc::new(store);
        let (changes, _) = broadcast::channel(CHANGE_QUEUE);
        let writer = Writer::spawn(store.clone(), changes.clone())?;
        Ok(Self { writer, store, changes })
    }
}

#[async_trait]
impl Registry for LocalRegistry {
    fn id(&self) -> &str {
        self.store.id()
    }

    // Reads are inline: microseconds, where a blocking task would cost more than the read.
    async fn get(&self, project: &ProjectName) -> Result<Option<Arc<Record>>, RegistryError> {
        self.store.get(project)
    }

    async fn compare_and_set(
        &self,
        release: &Release,
        expected: Option<u64>,
    ) -> Result<Outcome, RegistryError> {
        self.writer.claim(release, expected).await
    }

    async fn watch(&self) -> Result<BoxStream<'static, Change>, RegistryError> {
        let changes = BroadcastStream::new(self.changes.subscribe());
        Ok(changes.map(|change| change.unwrap_or(Change::Missed)).boxed())
    }

    async fn len(&self) -> Result<u64, RegistryError> {
        self.store.len()
    }
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}

fn named_failure(opened: Result<Database, DatabaseError>) -> Result<Database, RegistryError> {
    opened.map_err(|error| match error {
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
    })
}

fn in_file(path: &Path, error: RegistryError) -> RegistryError {
    let named = |why| format!("{}: {why}", path.display());
    match error {
        RegistryError::Unavailable(why) => RegistryError::Unavailable(named(why)),
        RegistryError::Corrupt(why) => RegistryError::Corrupt(named(why)),
        RegistryError::Storage(why) => RegistryError::Storage(named(why)),
    }
}

fn sync_directory(dir: &Path) -> std::io::Result<()> {
    if cfg!(unix) { std::fs::File::open(dir)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
#[path = "local_tests.rs"]
mod tests;
