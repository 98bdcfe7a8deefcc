//! The store on a disk that counts and fails: one flush a group, and a way back from a failed write.

use std::io;
use std::ops::Bound;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use futures_util::StreamExt;
use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};
use tempfile::TempDir;
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use super::*;
use crate::Change;
use crate::contract::release;
use crate::writer::Writer;

#[test]
fn a_group_costs_what_one_claim_costs() {
    let disk = Disk::new();
    let store = disk.store();
    let flushes = |claims: Vec<Claim>| {
        let before = disk.state.flushes.load(SeqCst);
        let outcomes = store.commit(&claims).unwrap();
        assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(Outcome::Committed(_)))));
        disk.state.flushes.load(SeqCst) - before
    };
    assert_eq!(flushes(vec![claim("one", 1, 1, None)]), 1);
    let hundred = flushes((0..100).map(|n| claim(&format!("site-{n}"), n, 1, None)).collect());
    assert!(hundred <= 2, "one, and one more where the file had to grow: {hundred}");
    assert_eq!(store.len().unwrap(), 101);
}

#[test]
fn all_records_are_read_page_by_page_and_a_damaged_one_in_its_place() {
    let disk = Disk::new();
    let store = disk.store();
    let claims: Vec<Claim> =
        (0..PAGE as u64 + 3).map(|n| claim(&format!("site-{n:03}"), 1, n + 1, None)).collect();
    store.commit(&claims).unwrap();
    store.write(|table| Ok(vec![table.insert("site-258", &b"{}"[..]).is_ok()]), |_| true).unwrap();

    let (mut names, mut damaged, mut after) = (Vec::new(), 0, None);
    loop {
        let page = store.page(after.as_deref()).unwrap();
        for record in page.records {
            match record {
                Ok(record) => names.push(record.release.project.to_string()),
                Err(error) => {
                    damaged += 1;
                    assert!(error.to_string().contains("site-258: not a record"), "{error}");
                }
            }
        }
        after = page.last;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((names.len(), damaged), (PAGE + 2, 1));
    assert!(names.is_sorted());
}

#[test]
fn claims_of_a_group_see_the_ones_before_them_and_conflicts_cost_nothing() {
    let disk = Disk::new();
    let store = disk.store();
    let group = [claim("site", 1, 1, None), claim("site", 2, 1, None), claim("site", 1, 2, Some(1))];
    let outcomes: Outcomes = store.commit(&group).unwrap();
    let [Ok(Outcome::Committed(first)), Ok(Outcome::Conflict(Some(seen))), Ok(Outcome::Committed(second))] =
        &outcomes[..]
    else {
        panic!("{outcomes:?}");
    };
    assert_eq!(first, seen);
    assert_eq!(second.older.len(), 1);

    let before = disk.state.flushes.load(SeqCst);
    store.commit(&[claim("site", 2, 1, None)]).unwrap();
    assert_eq!(disk.state.flushes.load(SeqCst), before);
}

#[test]
fn a_damaged_record_is_the_error_of_its_own_name_alone() {
    let disk = Disk::new();
    let store = disk.store();
    store.commit(&[claim("moved", 1, 1, None)]).unwrap();
    store
        .with(|database| {
            let transaction = database.begin_write().unwrap();
            let mut records = transaction.open_table(RECORDS).unwrap();
            let json = records.get("moved").unwrap().unwrap().value().to_owned();
            records.insert("damaged", json.as_slice()).unwrap();
            drop(records);
            transaction.commit().unwrap();
            Ok(())
        })
        .unwrap();
    assert!(matches!(store.get(&"damaged".parse().unwrap()), Err(RegistryError::Corrupt(_))));
    let other = Arc::new(Record::succeed(None, release("damaged", 1, 9)));
    assert_eq!(store.restore(&[other]).unwrap(), [Fate::Damaged], "a copy leaves it alone");
    let outcomes = store.commit(&[claim("damaged", 1, 2, Some(1)), claim("fine", 1, 1, None)]).unwrap();
    assert!(
        matches!(outcomes[..], [Err(RegistryError::Corrupt(_)), Ok(Outcome::Committed(_))]),
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn a_full_disk_is_an_error_until_there_is_room_again() {
    let disk = Disk::new();
    let store = Arc::new(disk.store());
    let (changes, watching) = broadcast::channel(16);
    let mut watching = BroadcastStream::new(watching);
    let writer = Writer::spawn(store.clone(), changes).unwrap();
    writer.claim(&release("site", 1, 1), None).await.unwrap();
    assert!(matches!(watching.next().await, Some(Ok(Change::Committed(_)))));

    disk.state.fails.store(true, SeqCst);
    for _ in 0..2 {
        let error = writer.claim(&release("site", 1, 2), Some(1)).await.unwrap_err();
        assert!(matches!(error, RegistryError::Storage(_) | RegistryError::Unavailable(_)), "{error}");
    }

    disk.state.fails.store(false, SeqCst);
    assert!(matches!(watching.next().await, Some(Ok(Change::Missed))), "watchers have to look again");
    assert_eq!(store.get(&"site".parse().unwrap()).unwrap().unwrap().release, release("site", 1, 1));
    let outcome = writer.claim(&release("site", 1, 2), Some(1)).await.unwrap();
    assert!(matches!(outcome, Outcome::Committed(_)), "{outcome:?}");
    assert!(matches!(watching.next().await, Some(Ok(Change::Committed(_)))));
}

#[tokio::test]
async fn a_registry_on_a_failed_disk_can_still_be_closed() {
    let disk = Disk::new();
    let (changes, _) = broadcast::channel(16);
    let writer = Writer::spawn(Arc::new(disk.store()), changes).unwrap();
    disk.state.fails.store(true, SeqCst);
    writer.claim(&release("site", 1, 1), None).await.unwrap_err();
    drop(writer);
}

fn claim(name: &str, owner: u8, version: u64, expected: Option<u64>) -> Claim {
    Claim::new(release(name, owner, version), expected).0
}

/// A file that lasts as long as this value, on a disk whose writes can be made to fail.
struct Disk {
    dir: TempDir,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    fails: AtomicBool,
    flushes: AtomicU64,
}

impl Disk {
    fn new() -> Self {
        Self { dir: TempDir::new().unwrap(), state: Arc::default() }
    }

    fn store(&self) -> Store {
        let (path, state): (PathBuf, _) = (self.dir.path().join("store"), self.state.clone());
        let open = move || {
            let file =
                std::fs::File::options().create(true).truncate(false).read(true).write(true).open(&path);
            let file = FileBackend::new(file.unwrap()).map_err(RegistryError::of)?;
            let backend = Backend { file, state: state.clone() };
            Database::builder().create_with_backend(backend).map_err(RegistryError::of)
        };
        Store::new(open().unwrap(), Some(Box::new(open)), None).unwrap()
    }
}

#[derive(Debug)]
struct Backend {
    file: FileBackend,
    state: Arc<State>,
}

impl Backend {
    fn room(&self) -> io::Result<()> {
        if self.state.fails.load(SeqCst) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.room()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.room()?;
        self.state.flushes.fetch_add(1, SeqCst);
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.room()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    // The locks, so that reopening a file that is not yet closed would fail here as it does in earnest.
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
