//! Releases as the relay sees them: fresh while it follows the registry, as last seen while that is away.

use std::sync::Arc;
use std::time::Duration;

use crowd_protocol::{ErrorCode, ProjectName, RequestPath};
use crowd_registry::Change;
use tokio::time::{Instant, sleep};

use crate::world::{Do, TestSite, World};

#[tokio::test(start_paused = true)]
async fn while_it_follows_a_name_is_read_once_and_a_change_is_seen() {
    let world = following(World::new(1)).await;
    assert_eq!((version(&world).await, version(&world).await), (1, 1));
    assert_eq!(world.registry.reads(), 1);
    publish(&world, 2);
    world.registry.changes.send(Change::Committed(TestSite::new(2).record)).unwrap();
    settle().await;
    assert_eq!((version(&world).await, world.registry.reads()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn after_missed_changes_everything_is_read_again() {
    let world = following(World::new(1)).await;
    assert_eq!(version(&world).await, 1);
    publish(&world, 2);
    world.registry.changes.send(Change::Missed).unwrap();
    settle().await;
    assert_eq!((version(&world).await, version(&world).await), (2, 2));
    assert_eq!(world.registry.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn while_the_registry_is_away_what_was_seen_is_used() {
    let world = following(World::new(1)).await;
    assert_eq!(version(&world).await, 1);
    *world.registry.away.lock().unwrap() = true;
    world.registry.changes.send(Change::Missed).unwrap();
    settle().await;
    assert_eq!(version(&world).await, 1);
    let unseen = ProjectName::parse("unseen").unwrap();
    assert_eq!(world.relay.record(&unseen).await.unwrap_err().code, ErrorCode::Internal);
    *world.registry.away.lock().unwrap() = false;
    assert_eq!(world.relay.record(&unseen).await.unwrap_err().code, ErrorCode::UnknownProject);
}

#[tokio::test(start_paused = true)]
async fn while_changes_are_not_heard_of_it_does_not_follow_and_asks_each_time() {
    let world = following(World::new(1)).await;
    assert_eq!(version(&world).await, 1);
    world.registry.changes.send(Change::Lost).unwrap();
    settle().await;
    assert!(!world.relay.catalog().is_following());
    assert!(world.relay.catalog().has_followed());
    assert_eq!((version(&world).await, version(&world).await), (1, 1));
    assert_eq!(world.registry.reads(), 3);
    world.registry.changes.send(Change::Back).unwrap();
    settle().await;
    assert!(world.relay.catalog().is_following());
    assert_eq!((version(&world).await, version(&world).await), (1, 1));
    assert_eq!(world.registry.reads(), 4, "once more, for what it may have missed");
}

#[tokio::test(start_paused = true)]
async fn who_knows_of_a_newer_version_makes_the_node_look() {
    let world = following(World::new(2)).await;
    *world.registry.record.lock().unwrap() = TestSite::new(1).record;
    assert_eq!(version(&world).await, 1);
    publish(&world, 2);
    assert_eq!(version(&world).await, 1, "it was not told yet");
    assert_eq!(world.relay.record_with(&world.site.project, 2).await.unwrap().release.version, 2);

    world.host("host", 2, Do::Answer);
    let path = RequestPath::parse("index.html").unwrap();
    for (version, ok) in [(2, true), (1, false), (3, false)] {
        let found = world.relay.find_path(&world.site.project, &path, 0, Some(version)).await;
        assert_eq!(found.is_ok(), ok, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hash_in_no_manifest_is_not_found_soon_even_where_old_manifests_are_nowhere() {
    let world = World::new(5).warm().await;
    *world.nodes.takes.lock().unwrap() = Duration::from_millis(600);
    let began = Instant::now();
    let error = world.by_hash(crowd_protocol::ChunkHash::of(b"nowhere")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn without_the_newest_manifest_it_is_no_peer_and_soon() {
    let world = World::new(3);
    *world.nodes.takes.lock().unwrap() = Duration::from_millis(600);
    let began = Instant::now();
    let error = world.by_hash(world.site.index(1)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NoPeer);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_manifest_and_chunks_of_older_releases_are_found_by_hash() {
    let world = World::new(2);
    let host = world.host("host", 1, Do::Answer);
    world.host("newer", 2, Do::Answer);
    assert!(world.by_hash(world.site.manifest(1)).await.is_ok());
    assert!(world.by_hash(world.site.index(1)).await.is_ok());
    assert_eq!(host.was_asked_for(world.site.index(1)), 1);
}

async fn following(world: World) -> World {
    let relay = world.relay.clone();
    tokio::spawn(async move { relay.follow().await });
    settle().await;
    assert!(world.relay.catalog().is_following());
    world
}

fn publish(world: &World, version: u64) {
    *world.registry.record.lock().unwrap() = TestSite::new(version).record;
}

async fn version(world: &World) -> u64 {
    let record: Arc<_> = world.relay.record(&world.site.project).await.unwrap();
    record.release.version
}

async fn settle() {
    sleep(Duration::from_millis(1)).await;
}
