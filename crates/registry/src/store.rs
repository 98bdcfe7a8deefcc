//! The redb database below a local registry: its tables, its format, its one kind of write. Blocking; the writer
//! alone commits. After a failed write redb refuses everything until it is reopened, so that is done here too.

use std::ops::Bound;
use std::sync::{Arc, RwLock};

use crowd_protocol::ProjectName;
use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition, TableError,
};

use crate::admission::may_replace;
use crate::archive::{Fate, fate_beside};
use crate::identity::{FORMAT, check_format, fresh_id};
use crate::writer::Claim;
use crate::{Outcome, Record, RegistryError};

/// Project name → [`Record::to_json`].
const RECORDS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("records");
/// What the file says about itself.
const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");
const FORMAT_KEY: &str = "format";
const ID_KEY: &str = "id";
/// Records in one read of all of them.
const PAGE: usize = 256;

/// Opens the database again, after a failure; never creates it.
pub(crate) type Opener = Box<dyn Fn() -> Result<Database, RegistryError> + Send + Sync>;
/// What each claim of a group came to, in their order.
pub(crate) type Outcomes = Vec<Result<Outcome, RegistryError>>;

/// The open table of the records.
type Table<'t> = redb::Table<'t, &'static str, &'static [u8]>;

/// Some of the records.
pub(crate) struct Page {
    pub(crate) records: Vec<Result<Arc<Record>, RegistryError>>,
    /// The name of the last one.
    pub(crate) last: Option<String>,
}

pub(crate) struct Store {
    id: String,
    reopen: Option<Opener>,
    /// `None` between a failure and the next successful reopening. Written by the writer alone.
    database: RwLock<Option<Database>>,
}

impl Store {
    /// On `database`, which becomes a registry if it is empty: with the id `id` then, or a new one. Without `reopen`
    /// its first failure is its last.
    pub(crate) fn new(
        database: Database,
        reopen: Option<Opener>,
        id: Option<&str>,
    ) -> Result<Self, RegistryError> {
        Ok(Self { id: identify(&database, id)?, reopen, database: RwLock::new(Some(database)) })
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn get(&self, project: &ProjectName) -> Result<Option<Arc<Record>>, RegistryError> {
        self.with(|database| {
            let table = database.begin_read().map_err(RegistryError::of)?;
            let table = table.open_table(RECORDS).map_err(RegistryError::of)?;
            let stored = table.get(project.as_str()).map_err(RegistryError::of)?;
            stored.map(|json| Record::stored_as(project, json.value())).transpose()
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
        let committed = |outcome: &Result<Outcome, _>| matches!(outcome, Ok(Outcome::Committed(_)));
        self.write(|table| claims.iter().map(|claim| decide(table, claim)).collect(), committed)
    }

    /// The records after the name `after`, in order; none where there are no more. A damaged one is an error of its own.
    pub(crate) fn page(&self, after: Option<&str>) -> Result<Page, RegistryError> {
        self.with(|database| {
            let table = database.begin_read().map_err(RegistryError::of)?;
            let table = table.open_table(RECORDS).map_err(RegistryError::of)?;
            let start = after.map_or(Bound::Unbounded, Bound::Excluded);
            let mut page = Page { records: Vec::new(), last: None };
            let range = table.range::<&str>((start, Bound::Unbounded)).map_err(RegistryError::of)?;
            for stored in range.take(PAGE) {
                let (name, json) = stored.map_err(RegistryError::of)?;
                let no_name = |_| RegistryError::Corrupt(format!("{:?} is no name", name.value()));
                let project = ProjectName::parse(name.value()).map_err(no_name);
                page.records.push(project.and_then(|project| Record::stored_as(&project, json.value())));
                page.last = Some(name.value().to_owned());
            }
            Ok(page)
        })
    }

    /// Stores those of `records` that may be, in one transaction: on disk when this returns.
    pub(crate) fn restore(&self, records: &[Arc<Record>]) -> Result<Vec<Fate>, RegistryError> {
        let restore_all = |table: &mut Table<'_>| {
            let restore = |record: &Arc<Record>| {
                let fate = fate_beside(&stored(table, &record.release.project), record)?;
                if fate.is_written() {
                    insert(table, record)?;
                }
                Ok(fate)
            };
            records.iter().map(restore).collect()
        };
        self.write(restore_all, |fate| fate.is_written())
    }

    /// Opens the database anew, after a failure. Where that fails too, the store is out of reach until it succeeds.
    pub(crate) fn reopen(&self) -> Result<(), RegistryError> {
        let Some(reopen) = &self.reopen else { return Ok(()) };
        let mut database = self.database.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        // The file is locked until it is closed.
        *database = None;
        let opened = reopen()?;
        if identify(&opened, None)? != self.id {
            return Err(RegistryError::Corrupt("another registry has taken this one's place".into()));
        }
        *database = Some(opened);
        Ok(())
    }

    /// Does `work` in one transaction, which is committed if any of what it came to `counts`.
    fn write<T>(
        &self,
        work: impl FnOnce(&mut Table<'_>) -> Result<Vec<T>, RegistryError>,
        counts: impl Fn(&T) -> bool,
    ) -> Result<Vec<T>, RegistryError> {
        self.with(|database| {
            let mut transaction = database.begin_write().map_err(RegistryError::of)?;
            transaction.set_durability(Durability::Immediate).map_err(RegistryError::of)?;
            let mut table = transaction.open_table(RECORDS).map_err(RegistryError::of)?;
            let outcomes = work(&mut table)?;
            drop(table);
            if outcomes.iter().any(counts) {
                transaction.commit().map_err(RegistryError::of)?;
            } else {
                transaction.abort().map_err(RegistryError::of)?;
            }
            Ok(outcomes)
        })
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
fn decide(table: &mut Table<'_>, claim: &Claim) -> Result<Result<Outcome, RegistryError>, RegistryError> {
    let current = match stored(table, &claim.release.project) {
        Err(damaged @ RegistryError::Corrupt(_)) => return Ok(Err(damaged)),
        current => current?,
    };
    if !may_replace(current.as_deref(), &claim.release, claim.expected) {
        return Ok(Ok(Outcome::Conflict(current)));
    }
    let record = Record::succeed(current.as_deref(), claim.release.clone());
    insert(table, &record)?;
    Ok(Ok(Outcome::Committed(Arc::new(record))))
}

fn stored(table: &Table<'_>, project: &ProjectName) -> Result<Option<Arc<Record>>, RegistryError> {
    let stored = table.get(project.as_str()).map_err(RegistryError::of)?;
    stored.map(|json| Record::stored_as(project, json.value())).transpose()
}

fn insert(table: &mut Table<'_>, record: &Record) -> Result<(), RegistryError> {
    let (name, json) = (record.release.project.as_str(), record.to_json());
    table.insert(name, json.as_bytes()).map(drop).map_err(RegistryError::of)
}

/// The id that `database` has, or now gets if it is new: `id`, or one of its own. Anything but a registry of this
/// format is refused.
pub(crate) fn identify(database: &Database, id: Option<&str>) -> Result<String, RegistryError> {
    let reading = database.begin_read().map_err(RegistryError::of)?;
    let meta = match reading.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => {
            return match reading.list_tables().map_err(RegistryError::of)?.next() {
                None => initialise(database, id.map_or_else(fresh_id, |id| Ok(id.to_owned()))?),
                Some(_) => Err(RegistryError::Corrupt("this is some other program's database".into())),
            };
        }
        Err(error) => return Err(RegistryError::of(error)),
    };
    let text = |key| Ok(meta.get(key).map_err(RegistryError::of)?.map(|text| text.value().to_owned()));
    check_format(text(FORMAT_KEY)?.as_deref())?;
    text(ID_KEY)?.ok_or_else(|| RegistryError::Corrupt("it has no id".into()))
}

fn initialise(database: &Database, id: String) -> Result<String, RegistryError> {
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

#[cfg(test)]
#[path = "crash_tests.rs"]
mod crash_tests;
