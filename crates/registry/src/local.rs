//! The registry in one file of this node (or in memory, for a demo): redb below, one writer, watchers by broadcast.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use crowd_protocol::{ProjectName, Release};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use crate::archive::{Archive, Fate};
use crate::database_file::{DatabaseFile, in_memory};
use crate::store::{Page, Store};
use crate::writer::Writer;
use crate::{Change, Outcome, Record, Registry, RegistryError};

/// Changes that a slow watcher may be behind before it misses some; a record has a kilobyte or two.
const CHANGE_QUEUE: usize = 1024;

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
        Self::open_or_create(dir, None).await
    }

    /// [`LocalRegistry::open`]; one that is new gets the id `id`, for it is to take another one's place.
    pub async fn open_or_create(dir: &Path, id: Option<&str>) -> Result<Self, RegistryError> {
        let (dir, id) = (dir.to_owned(), id.map(str::to_owned));
        blocking(move || Self::open_file(&dir, id.as_deref())).await
    }

    /// [`LocalRegistry::open`], but none where there is none.
    pub async fn open_existing(dir: &Path) -> Result<Option<Self>, RegistryError> {
        match DatabaseFile::of(dir).exists() {
            true => Self::open(dir).await.map(Some),
            false => Ok(None),
        }
    }

    /// A record that is gone with this value.
    pub fn in_memory() -> Result<Self, RegistryError> {
        Self::start(Store::new(in_memory()?, None, None)?)
    }

    fn open_file(dir: &Path, id: Option<&str>) -> Result<Self, RegistryError> {
        let file = DatabaseFile::of(dir);
        let database = file.open_or_create(id)?;
        let (reopened, path) = (file.clone(), file.path());
        let reopen = Box::new(move || reopened.open());
        let store = Store::new(database, Some(reopen), id).map_err(|error| file.name(error))?;
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

#[async_trait]
impl Archive for LocalRegistry {
    fn records(&self) -> BoxStream<'_, Vec<Result<Arc<Record>, RegistryError>>> {
        let pages = stream::unfold(Some(None), async |after: Option<Option<String>>| {
            let after = after?;
            match self.store.page(after.as_deref()) {
                Ok(Page { last: None, .. }) => None,
                Ok(Page { records, last }) => Some((records, Some(last))),
                Err(error) => Some((vec![Err(error)], None)),
            }
        });
        pages.boxed()
    }

    async fn restore(&self, records: &[Arc<Record>]) -> Result<Vec<Fate>, RegistryError> {
        let (store, records) = (self.store.clone(), records.to_vec());
        let fates = blocking(move || store.restore(&records)).await?;
        // Nobody watching is fine.
        let _ = self.changes.send(Change::Missed);
        Ok(fates)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RegistryError> + Send + 'static,
) -> Result<T, RegistryError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| RegistryError::Storage(format!("its work was broken off: {error}")))?
}

#[cfg(test)]
#[path = "local_tests.rs"]
mod tests;
