//! The registry that another node keeps.

use std::time::{Duration, Instant};

use crowd_cluster::{Lines, RemoteRegistry};
use crowd_registry::contract::{contract, release};
use crowd_registry::{Change, Registry, RegistryError};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::support::{Start, Wire, eventually};

#[tokio::test]
async fn a_remote_registry_keeps_the_contract() {
    let a = Start::keeper("a").start().await;
    let b = Start::joining("b", &a).start().await;
    assert_eq!(b.registry.id(), a.registry.id());
    contract(&*b.registry).await;
}

#[tokio::test]
async fn reads_fail_fast_while_the_keeper_is_away_and_changes_were_missed() {
    let wire = Wire::new().await;
    let a = Start { behind: Some(&wire), ..Start::keeper("a") }.start().await;
    let remote = RemoteRegistry::connect(&a.address, a.registry.id(), &"b".into(), &Lines::plain()).unwrap();
    let mut changes = remote.watch().await.unwrap();
    let committed = remote.compare_and_set(&release("site", 1, 1), None).await;
    assert!(committed.is_ok());
    assert!(matches!(changes.next().await, Some(Change::Committed(_))));

    wire.cut();
    let project = "site".parse().unwrap();
    let cut = Instant::now();
    assert!(matches!(remote.get(&project).await, Err(RegistryError::Unavailable(_))));
    assert!(cut.elapsed() < Duration::from_secs(2), "{:?}", cut.elapsed());
    let again = Instant::now();
    assert!(remote.get(&project).await.is_err());
    assert!(again.elapsed() < Duration::from_millis(50), "{:?}", again.elapsed());
    let lost = timeout(Duration::from_secs(4), changes.next()).await.unwrap();
    assert!(matches!(lost, Some(Change::Lost)));

    a.registry.compare_and_set(&release("site", 1, 2), Some(1)).await.unwrap();
    wire.mend();
    let back = timeout(Duration::from_secs(10), changes.next()).await.unwrap();
    assert!(matches!(back, Some(Change::Back)));
    let newest = async || remote.get(&project).await.is_ok_and(|record| record.unwrap().release.version == 2);
    eventually("reads work again", Duration::from_secs(5), newest).await;
    a.registry.compare_and_set(&release("site", 1, 3), Some(2)).await.unwrap();
    let next = timeout(Duration::from_secs(2), changes.next()).await.unwrap();
    assert!(matches!(next, Some(Change::Committed(record)) if record.release.version == 3));
}

#[tokio::test]
async fn another_cluster_and_a_node_that_keeps_none_are_refused() {
    let a = Start::keeper("a").start().await;
    let b = Start::joining("b", &a).start().await;
    let project = "site".parse().unwrap();
    let foreign = RemoteRegistry::connect(&a.address, "another", &"x".into(), &Lines::plain()).unwrap();
    let error = foreign.get(&project).await.unwrap_err();
    assert!(error.to_string().contains("two clusters"), "{error}");
    let keeps_none =
        RemoteRegistry::connect(&b.address, a.registry.id(), &"x".into(), &Lines::plain()).unwrap();
    let error = keeps_none.get(&project).await.unwrap_err();
    assert!(error.to_string().contains("does not keep"), "{error}");
}
