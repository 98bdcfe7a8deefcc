//! The store on a disk that stops at every single moment: a kill loses nothing that was written, a power cut whatever
//! was not flushed. Either way each claim that was answered is there, and no other is there in part.

use std::io;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard};

use crowd_protocol::Release;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use redb::{BackendError, Builder, StorageBackend};

use super::*;
use crate::contract::release;
use crate::database_file::UNFINISHED;
use crate::{LocalRegistry, Registry};

/// Versions that are claimed of one name, and names that are claimed.
const CLAIMS: u64 = 6;

#[test]
fn whenever_it_is_killed_what_was_answered_is_there() {
    let log = history();
    let first = log.made;
    for stop in first..=log.writes.len() {
        log.holds_after(stop, &format!("killed after write {stop}"), |_| true);
    }
}

#[test]
fn whenever_the_power_fails_what_was_answered_is_there() {
    let log = history();
    let seed = rand::rng().random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    for stop in log.made..=log.writes.len() {
        let flushed = log.writes[..stop].iter().rposition(|write| matches!(write, Write::Flush)).unwrap_or(0);
        // Of what was not flushed any part may have reached the disk.
        let kept: Vec<bool> = (0..stop).map(|at| at <= flushed || random.random()).collect();
        let moment = format!("the power failed after write {stop}, seed {seed}");
        log.holds_after(stop, &moment, |at| kept[at]);
    }
}

#[tokio::test]
async fn whenever_it_is_killed_while_it_is_made_it_is_made_again() {
    let log = history();
    for stop in 0..=log.made {
        let dir = tempfile::tempdir().unwrap();
        let image = log.image_after(stop, |_| true);
        std::fs::write(dir.path().join(UNFINISHED), image).unwrap();
        let opened = LocalRegistry::open(dir.path()).await;
        let registry = opened.unwrap_or_else(|error| panic!("killed after write {stop}: {error}"));
        registry.compare_and_set(&release("site", 1, 1), None).await.unwrap();
    }
}

/// What a disk was told, and how far it was when each claim was answered.
struct History {
    writes: Vec<Write>,
    /// The registry was there then.
    made: usize,
    answered: Vec<(usize, Release)>,
}

#[derive(Debug, Clone)]
enum Write {
    At(u64, Vec<u8>),
    Len(u64),
    Flush,
}

/// A registry is made, and claimed in: new names, and newer versions of one.
fn history() -> History {
    let disk = Recorder::default();
    let database = Builder::new().create_with_backend(disk.clone()).unwrap();
    let store = Store::new(database, None, None).unwrap();
    let (made, mut answered) = (disk.writes().len(), Vec::new());
    for version in 1..=CLAIMS {
        let (own, shared) = (release(&format!("site-{version}"), 1, 1), release("site", 1, version));
        for (release, expected) in [(own, None), (shared, (version > 1).then_some(version - 1))] {
            let outcomes = store.commit(&[Claim::new(release.clone(), expected).0]).unwrap();
            assert!(matches!(outcomes[..], [Ok(Outcome::Committed(_))]), "{outcomes:?}");
            answered.push((disk.writes().len(), release));
        }
    }
    let writes = disk.writes().clone();
    // Its end is no part of it.
    std::mem::forget(store);
    History { writes, made, answered }
}

impl History {
    fn image_after(&self, stop: usize, kept: impl Fn(usize) -> bool) -> Vec<u8> {
        let mut image = Vec::new();
        for (_, write) in self.writes[..stop].iter().enumerate().filter(|(at, _)| kept(*at)) {
            write.apply(&mut image);
        }
        image
    }

    /// Opens what is on the disk when it stopped after `stop` writes, of which those that `kept` tells were kept.
    fn holds_after(&self, stop: usize, moment: &str, kept: impl Fn(usize) -> bool) {
        let image = Arc::new(Mutex::new(self.image_after(stop, kept)));
        let disk = Recorder { image, writes: Arc::default() };
        let mut builder = Builder::new();
        let opened = builder.set_check_integrity_on_open(true).create_with_backend(disk);
        let opened = opened.unwrap_or_else(|error| panic!("{moment}: {error}"));
        let store = Store::new(opened, None, None).unwrap_or_else(|error| panic!("{moment}: {error}"));
        let get = |release: &Release| {
            store
                .get(&release.project)
                .unwrap_or_else(|error| panic!("{moment}: {}: {error}", release.project))
        };
        for (done, release) in &self.answered {
            let found = get(release).map(|record| record.release.version);
            match found {
                None => assert!(*done > stop, "{moment}: {} {} is lost", release.project, release.version),
                Some(version) if *done <= stop => {
                    assert!(version >= release.version, "{moment}: it went back")
                }
                Some(_) => {}
            }
            if let Some(record) = get(release).filter(|record| record.release.version == release.version) {
                assert_eq!(record.release, *release, "{moment}");
            }
        }
    }
}

impl Write {
    fn apply(&self, image: &mut Vec<u8>) {
        match self {
            Self::At(offset, data) => {
                let end = *offset as usize + data.len();
                image.resize(image.len().max(end), 0);
                image[*offset as usize..end].copy_from_slice(data);
            }
            Self::Len(len) => image.resize(*len as usize, 0),
            Self::Flush => {}
        }
    }
}

/// A disk in memory that remembers what it was told.
#[derive(Debug, Clone, Default)]
struct Recorder {
    image: Arc<Mutex<Vec<u8>>>,
    writes: Arc<Mutex<Vec<Write>>>,
}

impl Recorder {
    fn writes(&self) -> MutexGuard<'_, Vec<Write>> {
        self.writes.lock().unwrap()
    }

    fn record(&self, write: Write) {
        write.apply(&mut self.image.lock().unwrap());
        self.writes().push(write);
    }
}

impl StorageBackend for Recorder {
    fn len(&self) -> io::Result<u64> {
        Ok(self.image.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (image, at) = (self.image.lock().unwrap(), offset as usize);
        let bytes = image.get(at..at + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.record(Write::Len(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        self.record(Write::Flush);
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.record(Write::At(offset, data.to_vec()));
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        Ok(())
    }

    fn try_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn unlock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }

    fn query_lock_range(&self, _: Bound<u64>, _: Bound<u64>) -> Result<bool, BackendError> {
        Ok(false)
    }
}
