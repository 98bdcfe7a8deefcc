//! The redb database below a local registry: its tables, its format, its one kind of write. Blocking; the writer
//! alone commits. After a failed write redb refuses everything until it is reopened, so that is done here too.

use std::sync::{Arc, RwLock};

use crowd_protocol::ProjectName;
use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition, TableError,
};

use crate::admission::may_replace;
use crate::writer::Claim;
use crate::{Outcome, Record, RegistryError};

/// Project name → [`Record::to_json`].
const RECORDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("records");
/// What the file says about itself.
const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");
const FORMAT_KEY: &str = "format";
const ID_KEY: &str = "id";
/// Raised when an older program could no longer read what is written.
const FORMAT: &str = "1";
/// Bytes of a registry's id.
const ID_LEN: usize = 16;

/// Opens the database again, after a failure; never creates it.
pub(crate) type Opener = Box<dyn Fn() -> Result<Database, RegistryError> + Send + Sync>;
/// What each claim of a group came to, in their order.
pub(crate) type Outcomes = Vec<Result<Outcome, RegistryError>>;

pub(crate) struct Store {
    id: String,
    reopen: Option<Opener>,
    /// `None` between a failure and the next successful reopening. Written by the writer alone.
    database: RwLock<Option<Database>>,
}

impl Store {
    /// On `database`, which becomes a registry if it is empty. Without `reopen` its first failure is its last.
    pub(crate) fn new(database: Database, reopen: Option<Opener>) -> Result<Self, RegistryError> {
        Ok(Self { id: identify(&database)?, reopen, database: RwLock::new(Some(database)) })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn get(&self, project: &ProjectName) -> Result<Option<Arc<Record>>, RegistryError> {
        self.with(|database| {
            let table = database.begin_read().map_err(RegistryError::of)?;
            let table = table.open_table(RECORDS).map_err(RegistryError::of)?;
            let stored = table.get(project.as_str()).map_err(RegistryError::of)?;
            stored.map(|json| read(project, json.value())).transpose()
        })
    }

    pub(crate) fn len(&self) -> Result<u64, RegistryError> {
        self.with(|database| {
            let table = database.begin_read().map_err(RegistryError::of)?;
            table.open_table(RECORDS).map_err(RegistryError::of)?.len().map_err(RegistryError::of)
        })
    }

    /// Decides `claims` in their order, each on what the ones before it left, and commits them in one transaction:
    /// on disk when this returns. An error is every claim's: whatever one of them saw of another may be gone.
    pub(crate) fn commit(&self, claims: &[Claim]) -> Result<Outcomes, RegistryError> {
        self.with(|database| {
            let mut transaction = database.begin_write().map_err(RegistryError::of)?;
            transaction.set_durability(Durability::Immediate).map_err(RegistryError::of)?;
            let mut records = transaction.open_table(RECORDS).map_err(RegistryError::of)?;
            let outcomes =
                claims.iter().map(|claim| decide(&mut records, claim)).collect::<Result<Outcomes, _>>()?;
            drop(records);
            if outcomes.iter().any(|outcome| matches!(outcome, Ok(Outcome::Committed(_)))) {
                transaction.commit().map_err(RegistryError::of)?;
            } else {
                transaction.abort().map_err(RegistryError::of)?;
            }
            Ok(outcomes)
        })
    }

    /// Opens the database anew, after a failure. Where that fails too, the store is out of reach until it succeeds.
    pub(crate) fn reopen(&self) -> Result<(), RegistryError> {
        let Some(reopen) = &self.reopen else { return Ok(()) };
        let mut database = self.database.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        // The file is locked until it is closed.
        *database = None;
        let opened = reopen()?;
        if identify(&opened)? != self.id {
            return Err(RegistryError::Corrupt("another registry has taken this one's place".into()));
        }
        *database = Some(opened);
        Ok(())
    }

    /// Never waits, since callers are async: the lock is taken for writing only while the database is reopened.
    fn with<T>(
        &self,
        use_it: impl FnOnce(&Database) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        let database = self.database.try_read().ok();
        match database.as_deref() {
            Some(Some(database)) => use_it(database),
            _ => Err(RegistryError::Unavailable("it is being reopened after a failure".into())),
        }
    }
}

/// What `claim` comes to, and its record in the table if it holds. A damaged record is its own claims' error alone.
fn decide(
    records: &mut redb::Table<'_, &'static str, &'static [u8]>,
    claim: &Claim,
) -> Result<Result<Outcome, RegistryError>, RegistryError> {
    let project = &claim.release.project;
    let stored = records.get(project.as_str()).map_err(RegistryError::of)?;
    let current = match stored.map(|json| read(project, json.value())).transpose() {
        Ok(current) => current,
        Err(damaged) => return Ok(Err(damaged)),
    };
    if !may_replace(current.as_deref(), &claim.release, claim.expected) {
        return Ok(Ok(Outcome::Conflict(current)));
    }
    let record = Record::succeed(current.as_deref(), claim.release.clone());
    records.insert(project.as_str(), record.to_json().as_bytes()).map_err(RegistryError::of)?;
    Ok(Ok(Outcome::Committed(Arc::new(record))))
}

fn read(project: &ProjectName, json: &[u8]) -> Result<Arc<Record>, RegistryError> {
    let record = Record::from_json(json)?;
    if record.release.project != *project {
        return Err(RegistryError::Corrupt(format!("{project} is recorded as {}", record.release.project)));
    }
    Ok(Arc::new(record))
}

/// The id that `database` has, or now gets if it is new. Anything but a registry of this format is refused.
fn identify(database: &Database) -> Result<String, RegistryError> {
    let reading = database.begin_read().map_err(RegistryError::of)?;
    let meta = match reading.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => {
            return match reading.list_tables().map_err(RegistryError::of)?.next() {
                None => initialise(database),
                Some(_) => Err(RegistryError::Corrupt("this is some other program's database".into())),
            };
        }
        Err(error) => return Err(RegistryError::of(error)),
    };
    let text = |key| Ok(meta.get(key).map_err(RegistryError::of)?.map(|text| text.value().to_owned()));
    let format = text(FORMAT_KEY)?;
    if format.as_deref() != Some(FORMAT) {
        let found = format.as_deref().unwrap_or("missing");
        let message =
            format!("its format is {found} and this program knows {FORMAT} only: use the one that wrote it");
        return Err(RegistryError::Storage(message));
    }
    text(ID_KEY)?.ok_or_else(|| RegistryError::Corrupt("it has no id".into()))
}

fn initialise(database: &Database) -> Result<String, RegistryError> {
    let mut id = [0; ID_LEN];
    getrandom::fill(&mut id).map_err(|error| RegistryError::Storage(format!("no randomness: {error}")))?;
    let id = hex::encode(id);
    let transaction = database.begin_write().map_err(RegistryError::of)?;
    let mut meta = transaction.open_table(META).map_err(RegistryError::of)?;
    meta.insert(FORMAT_KEY, FORMAT).map_err(RegistryError::of)?;
    meta.insert(ID_KEY, id.as_str()).map_err(RegistryError::of)?;
    drop(meta);
    transaction.open_table(RECORDS).map_err(RegistryError::of)?;
    transaction.commit().map_err(RegistryError::of)?;
    Ok(id)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
