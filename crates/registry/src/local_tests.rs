//! The local registry: the contract, what survives reopening, crowds of claimants, files that are not fit.

use futures_util::FutureExt;
use futures_util::future::join_all;
use redb::{Database, TableDefinition};
use tempfile::TempDir;

use super::*;
use crate::contract::{contract, release};
use crate::database_file::FILE;

#[tokio::test]
async fn both_forms_keep_the_contract() {
    let dir = TempDir::new().unwrap();
    contract(&LocalRegistry::open(dir.path()).await.unwrap()).await;
    contract(&LocalRegistry::in_memory().unwrap()).await;
}

#[tokio::test]
async fn reopening_keeps_everything_and_the_id() {
    let dir = TempDir::new().unwrap();
    let deep = dir.path().join("not/there/yet");
    let registry = LocalRegistry::open(&deep).await.unwrap();
    let id = registry.id().to_owned();
    assert_eq!(id.len(), 32, "16 bytes in hex: {id}");
    registry.compare_and_set(&release("a", 1, 1), None).await.unwrap();
    registry.compare_and_set(&release("a", 1, 2), Some(1)).await.unwrap();
    registry.compare_and_set(&release("b", 2, 9), None).await.unwrap();
    let before = all(&registry, &["a", "b"]).await;
    let mut changes = registry.watch().await.unwrap();
    drop(registry);
    assert!(changes.next().await.is_none(), "the changes end with the registry");

    let registry = LocalRegistry::open(&deep).await.unwrap();
    assert_eq!(registry.id(), id);
    assert_eq!(registry.len().await.unwrap(), 2);
    assert_eq!(all(&registry, &["a", "b"]).await, before);
    assert_ne!(LocalRegistry::in_memory().unwrap().id(), id);
}

#[tokio::test]
async fn a_registry_whose_making_was_killed_is_made_again() {
    let dir = TempDir::new().unwrap();
    let unfinished = dir.path().join("registry.redb.new");
    // Some of it, as it is before redb writes the first bytes of the file; and all of it, before it has its name.
    std::fs::write(&unfinished, vec![0; 8_192]).unwrap();
    drop(LocalRegistry::open(dir.path()).await.unwrap());
    std::fs::rename(dir.path().join(FILE), &unfinished).unwrap();
    let registry = LocalRegistry::open_or_create(dir.path(), Some("another")).await.unwrap();
    assert_eq!(registry.id(), "another");
    assert!(!unfinished.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_claims_of_one_name_one_wins() {
    let registry = Arc::new(LocalRegistry::in_memory().unwrap());
    let claims = (0..200).map(|owner| {
        let registry = registry.clone();
        tokio::spawn(async move { registry.compare_and_set(&release("site", owner, 1), None).await.unwrap() })
    });
    let outcomes = join_all(claims).await;
    let current = all(&registry, &["site"]).await.remove(0);
    let mut won = 0;
    for outcome in outcomes {
        let seen = match outcome.unwrap() {
            Outcome::Committed(record) => {
                won += 1;
                Some(record)
            }
            Outcome::Conflict(seen) => seen,
        };
        assert_eq!(seen, current, "winner and losers see the same record");
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_hundred_names_at_once_are_all_durable() {
    let dir = TempDir::new().unwrap();
    let registry = LocalRegistry::open(dir.path()).await.unwrap();
    let releases: Vec<Release> = (0..100).map(|n| release(&format!("site-{n}"), n, 1)).collect();
    let outcomes = join_all(releases.iter().map(|release| registry.compare_and_set(release, None))).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(Outcome::Committed(_)))));
    drop(registry);

    let registry = LocalRegistry::open(dir.path()).await.unwrap();
    assert_eq!(registry.len().await.unwrap(), 100);
    for release in releases {
        assert_eq!(registry.get(&release.project).await.unwrap().unwrap().release, release);
    }
}

#[tokio::test]
async fn a_claim_whose_claimant_left_is_written_before_the_file_is_closed() {
    let dir = TempDir::new().unwrap();
    let registry = LocalRegistry::open(dir.path()).await.unwrap();
    // Polled once, which queues it, and dropped.
    let _ = registry.compare_and_set(&release("site", 1, 1), None).now_or_never();
    drop(registry);
    let registry = LocalRegistry::open(dir.path()).await.unwrap();
    assert_eq!(registry.len().await.unwrap(), 1);
}

#[tokio::test]
async fn a_watcher_that_lags_is_told_and_goes_on() {
    let registry = LocalRegistry::in_memory().unwrap();
    let changes = registry.watch().await.unwrap();
    let any = release("site", 1, 1);
    let releases: Vec<Release> = (0..CHANGE_QUEUE + 10)
        .map(|n| Release { project: format!("site-{n}").parse().unwrap(), ..any.clone() })
        .collect();
    join_all(releases.iter().map(|release| registry.compare_and_set(release, None))).await;
    assert_eq!(registry.len().await.unwrap(), releases.len() as u64);

    drop(registry);
    let seen: Vec<Change> = changes.collect().await;
    assert!(matches!(seen[0], Change::Missed), "{:?}", seen[0]);
    assert_eq!(seen.len(), 1 + CHANGE_QUEUE, "the newest are still there");
    assert!(seen[1..].iter().all(|change| matches!(change, Change::Committed(_))));
}

#[tokio::test]
async fn a_file_in_use_is_refused_by_name() {
    let dir = TempDir::new().unwrap();
    let registry = LocalRegistry::open(dir.path()).await.unwrap();
    let error = refused(dir.path()).await;
    assert!(matches!(error, RegistryError::Storage(_)), "{error}");
    assert!(error.to_string().contains("registry.redb: it is in use by another process"), "{error}");
    drop(registry);
    LocalRegistry::open(dir.path()).await.unwrap();
}

#[tokio::test]
async fn files_that_are_no_registry_are_refused_by_name() {
    let meta: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");
    let later = database_with(meta, "format", "2");
    let foreign = database_with(TableDefinition::new("other"), "key", "value");
    let no_database = TempDir::new().unwrap();
    std::fs::write(no_database.path().join(FILE), "a text".repeat(1000)).unwrap();

    for (dir, why) in [
        (later, "its format is 2"),
        (foreign, "some other program's database"),
        (no_database, "the registry is damaged"),
    ] {
        let error = refused(dir.path()).await.to_string();
        assert!(error.contains("registry.redb") && error.contains(why), "{why}: {error}");
    }
}

#[tokio::test]
async fn damage_is_found_at_opening() {
    let dir = TempDir::new().unwrap();
    let registry = LocalRegistry::open(dir.path()).await.unwrap();
    registry.compare_and_set(&release("site", 1, 1), None).await.unwrap();
    drop(registry);
    let file = dir.path().join(FILE);
    let mut bytes = std::fs::read(&file).unwrap();
    let stored = br#"{"release":{"project":"site""#;
    let places: Vec<usize> =
        (0..bytes.len() - stored.len()).filter(|&at| bytes[at..].starts_with(stored)).collect();
    assert!(!places.is_empty());
    places.into_iter().for_each(|at| bytes[at] ^= 1);
    std::fs::write(&file, bytes).unwrap();
    assert!(matches!(refused(dir.path()).await, RegistryError::Corrupt(_)));
}

async fn all(registry: &LocalRegistry, names: &[&str]) -> Vec<Option<Arc<Record>>> {
    let gets = names.iter().map(|name| async { registry.get(&name.parse().unwrap()).await.unwrap() });
    join_all(gets).await
}

async fn refused(dir: &Path) -> RegistryError {
    LocalRegistry::open(dir).await.err().expect("it is not fit to be opened")
}

fn database_with(table: TableDefinition<'_, &str, &str>, key: &str, value: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    let database = Database::create(dir.path().join(FILE)).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(table).unwrap().insert(key, value).unwrap();
    transaction.commit().unwrap();
    dir
}
