//! What every [`Registry`] has to do, as a test that each implementation runs on itself. Panics where one does not.
//! Names are new at each run, so a registry that outlives the test can be used.

use std::sync::Arc;
use std::time::Duration;

use crowd_protocol::{ChunkHash, ProjectName, Release, SigningKey};
use futures_util::StreamExt;
use futures_util::future::join;
use futures_util::stream::BoxStream;

use crate::{Change, MAX_OLDER, Outcome, Record, Registry};

/// How long a change may take to be seen, over a network too.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs all of it, on names of its own.
pub async fn contract(registry: &dyn Registry) {
    assert!(!registry.id().is_empty(), "a registry has an id");
    claims(registry, &fresh_name("claim")).await;
    races(registry, &fresh_name("race")).await;
    conflicts(registry, &fresh_name("conflict")).await;
    watching(registry, &fresh_name("watch")).await;
    remembers(registry, &fresh_name("older")).await;
}

/// A release of `project` by the key of seed `owner`, signed; its manifest hash depends on all three.
pub fn release(project: &str, owner: u8, version: u64) -> Release {
    let key = SigningKey::from_bytes(&[owner; 32]);
    let manifest = ChunkHash::of(format!("{project} {owner} {version}").as_bytes());
    let project = ProjectName::parse(project).expect("tests use valid names");
    Release::sign(&key, project, version, manifest, "2026-11-22T17:00:00Z").expect("tests use valid versions")
}

async fn claims(registry: &dyn Registry, name: &str) {
    assert_eq!(get(registry, name).await, None, "an unknown name is free");
    let names = registry.len().await.expect("len");

    let first = release(name, 1, 3);
    let record = committed(set(registry, &first, None).await);
    assert_eq!(*record, Record { release: first, older: vec![] });
    assert_eq!(get(registry, name).await.as_ref(), Some(&record), "what is committed is read at once");

    let second = release(name, 1, 4);
    let record = committed(set(registry, &second, Some(3)).await);
    assert_eq!(record.release, second);
    assert_eq!(record.manifest_of(3), Some(release(name, 1, 3).manifest));
    assert_eq!(get(registry, name).await, Some(record));
    assert!(registry.len().await.expect("len") > names, "one name more is taken");
}

async fn races(registry: &dyn Registry, name: &str) {
    let (mine, yours) = (release(name, 1, 1), release(name, 2, 1));
    let outcomes = join(set(registry, &mine, None), set(registry, &yours, None)).await;
    let (winner, seen) = match outcomes {
        (Outcome::Committed(record), Outcome::Conflict(seen)) => (record, seen),
        (Outcome::Conflict(seen), Outcome::Committed(record)) => (record, seen),
        both => panic!("of two claims at the same instant exactly one wins: {both:?}"),
    };
    assert_eq!(seen.as_ref(), Some(&winner), "the loser is shown the winner");
    assert_eq!(get(registry, name).await, Some(winner));
}

async fn conflicts(registry: &dyn Registry, name: &str) {
    let unclaimed = set(registry, &release(name, 1, 5), Some(4)).await;
    assert_eq!(unclaimed, Outcome::Conflict(None), "an update of a free name");
    committed(set(registry, &release(name, 1, 5), None).await);
    let current = committed(set(registry, &release(name, 1, 6), Some(5)).await);

    let cases = [
        ("the expected version is stale", release(name, 1, 7), Some(5)),
        ("the expected version is yet to come", release(name, 1, 9), Some(8)),
        ("the name is not free", release(name, 1, 7), None),
        ("the version is not higher", release(name, 1, 6), Some(6)),
        ("the version is lower", release(name, 1, 5), Some(6)),
        ("the owner is another", release(name, 2, 7), Some(6)),
    ];
    for (case, release, expected) in cases {
        let outcome = set(registry, &release, expected).await;
        assert_eq!(outcome, Outcome::Conflict(Some(current.clone())), "{case}");
    }
    assert_eq!(get(registry, name).await, Some(current), "a conflict changes nothing");
}

async fn watching(registry: &dyn Registry, name: &str) {
    committed(set(registry, &release(name, 1, 1), None).await);
    let mut early = registry.watch().await.expect("watch");
    for version in 2..=5 {
        committed(set(registry, &release(name, 1, version), Some(version - 1)).await);
    }
    let mut late = registry.watch().await.expect("watch");
    set(registry, &release(name, 1, 6), Some(1)).await;
    committed(set(registry, &release(name, 1, 7), Some(5)).await);
    for version in [2, 3, 4, 5, 7] {
        assert_eq!(next_of(&mut early, name).await.release.version, version, "each commit, in order");
    }
    assert_eq!(next_of(&mut late, name).await.release.version, 7, "from now on, not before");
}

async fn remembers(registry: &dyn Registry, name: &str) {
    let last = MAX_OLDER as u64 + 4;
    for version in 1..=last {
        committed(set(registry, &release(name, 1, version), (version > 1).then_some(version - 1)).await);
    }
    let record = get(registry, name).await.expect("it was claimed");
    let versions: Vec<u64> = record.older.iter().map(|older| older.version).collect();
    let expected: Vec<u64> = (last - MAX_OLDER as u64..last).rev().collect();
    assert_eq!(versions, expected, "the newest few are remembered, newest first");
}

async fn get(registry: &dyn Registry, name: &str) -> Option<Arc<Record>> {
    registry.get(&ProjectName::parse(name).expect("tests use valid names")).await.expect("get")
}

async fn set(registry: &dyn Registry, release: &Release, expected: Option<u64>) -> Outcome {
    registry.compare_and_set(release, expected).await.expect("compare_and_set")
}

fn committed(outcome: Outcome) -> Arc<Record> {
    match outcome {
        Outcome::Committed(record) => record,
        Outcome::Conflict(current) => panic!("a conflict with {current:?}"),
    }
}

/// The next change of `name`: others may share the registry.
async fn next_of(changes: &mut BoxStream<'static, Change>, name: &str) -> Arc<Record> {
    let next = async {
        loop {
            match changes.next().await.expect("the changes do not end") {
                Change::Committed(record) if record.release.project.as_str() == name => return record,
                Change::Committed(_) => {}
                other => panic!("changes of {name} were missed: {other:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, next).await.unwrap_or_else(|_| panic!("no change of {name}"))
}

fn fresh_name(what: &str) -> String {
    format!("{what}-{:016x}", getrandom::u64().expect("randomness"))
}
