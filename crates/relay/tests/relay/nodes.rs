//! Requests that this node's own peers cannot answer: the other nodes, and how they are found.

use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::ErrorCode;
use tokio::time::{Instant, sleep};

use crate::world::{Do, World};

#[tokio::test(start_paused = true)]
async fn a_node_that_is_remembered_is_asked_without_a_lookup() {
    let world = World::new(1).warm().await;
    let node = world.node("n1", Do::Answer);
    *world.nodes.known.lock().unwrap() = Some(vec![node.responder.clone()]);
    world.nodes.lookups.lock().unwrap().clear();
    assert!(world.index().await.is_ok());
    assert_eq!(node.asked(), 1);
    assert!(world.nodes.lookups.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_remembered_or_said_first_is_asked_afresh_before_no_peer() {
    for remembered in [true, false] {
        let world = World::new(1).warm().await;
        let stale = world.node("stale", |_| Do::Refuse(ErrorCode::NoPeer));
        let holder = world.node("holder", Do::Answer);
        if remembered {
            *world.nodes.known.lock().unwrap() = Some(vec![stale.responder.clone()]);
        } else {
            *world.nodes.found.lock().unwrap() = vec![stale.responder.clone()];
        }
        *world.nodes.fresh.lock().unwrap() = vec![stale.responder.clone(), holder.responder.clone()];
        assert!(world.index().await.is_ok(), "remembered: {remembered}");
        assert_eq!((stale.asked(), holder.asked()), (1, 1), "remembered: {remembered}");
    }
}

#[tokio::test(start_paused = true)]
async fn slow_lookups_do_not_delay_no_peer() {
    let world = World::new(1).warm().await;
    *world.nodes.takes.lock().unwrap() = Duration::from_millis(600);
    let stale = world.node("stale", |_| Do::Refuse(ErrorCode::NoPeer));
    *world.nodes.found.lock().unwrap() = vec![stale.responder.clone()];
    let began = Instant::now();
    assert_eq!(world.index().await.unwrap_err().code, ErrorCode::NoPeer);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_forwarded_request_is_never_forwarded() {
    let world = World::new(1).warm().await;
    let node = world.node("n1", Do::Answer);
    *world.nodes.known.lock().unwrap() = Some(vec![node.responder.clone()]);
    *world.nodes.fresh.lock().unwrap() = vec![node.responder.clone()];
    world.nodes.lookups.lock().unwrap().clear();
    let error = world.relay.forwarded(world.forwarded()).await.unwrap_err();
    assert_eq!((error.code, node.asked()), (ErrorCode::NoPeer, 0));
    assert!(world.nodes.lookups.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_node_is_asked_before_a_peer_that_is_known_to_be_mute() {
    let world = World::new(1).warm().await;
    let mute = world.host("mute", 1, |_| Do::Mute);
    let node = world.node("n1", Do::Answer);
    *world.nodes.found.lock().unwrap() = vec![node.responder.clone()];
    assert!(world.index().await.is_ok());
    assert_eq!((mute.asked(), node.asked()), (1, 1));
    sleep(Duration::from_millis(50)).await;
    let again = Instant::now();
    assert!(world.index().await.is_ok());
    assert!(again.elapsed() < Duration::from_millis(50), "{:?}", again.elapsed());
    assert_eq!((mute.asked(), node.asked()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_hides_its_old_manifest_does_not_keep_a_node_from_being_asked() {
    let world = World::new(2).warm().await;
    let mute = crate::world::Actor::of(crowd_relay::Kind::Peer, "mute", |_| Do::Mute);
    world.peers.add(&mute.responder, 1, crowd_protocol::Have::All);
    let node = world.node("n1", Do::Answer);
    *world.nodes.found.lock().unwrap() = vec![node.responder.clone()];
    let began = Instant::now();
    assert!(world.index().await.is_ok());
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_a_node_says_of_the_length_is_passed_on() {
    let world = World::new(1).warm().await;
    let node = world.node("n1", |_| Do::Refuse(ErrorCode::BadManifest));
    *world.nodes.found.lock().unwrap() = vec![node.responder.clone()];
    assert_eq!(world.index().await.unwrap_err().code, ErrorCode::BadManifest);
    // A peer may say what it likes.
    let world = World::new(1).warm().await;
    world.host("peer", 1, |_| Do::Refuse(ErrorCode::BadManifest));
    assert_eq!(world.index().await.unwrap_err().code, ErrorCode::NoPeer);
}

#[tokio::test(start_paused = true)]
async fn what_a_node_answers_is_hashed_again_where_it_is_kept() {
    for cache_bytes in [1 << 20, 0] {
        let world = World::with(1, |config| config.cache_bytes = cache_bytes).warm().await;
        let bad = world.node("a-bad", |bytes| Do::Answer(Bytes::from(vec![0; bytes.len()])));
        let good = world.node("good", Do::Answer);
        let nodes = vec![bad.responder.clone(), good.responder.clone()];
        *world.nodes.found.lock().unwrap() = nodes;
        let bytes = world.index().await.unwrap();
        let right = bytes == world.site.bytes(world.site.index(1));
        // Without a cache the nodes of one cluster trust each other's check.
        assert_eq!(right, cache_bytes > 0);
    }
}
