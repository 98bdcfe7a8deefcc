//! Whom the relay asks of its own peers, in which order, and what it makes of their answers.

use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{BitField, ChunkHash, ErrorCode, Have};
use crowd_relay::{Ask, ChunkAsk, Kind};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use crate::world::{Actor, Do, SIZE, World};

#[tokio::test(start_paused = true)]
async fn a_chunk_comes_from_a_peer_that_has_it() {
    let world = World::new(1);
    let (host, nothing) = (world.host("host", 1, Do::Answer), BitField::new(2));
    let without = Actor::of(Kind::Peer, "without", world.site.script(|_| Do::Mute));
    world.peers.add(&without.responder, 1, Have::Bits(nothing));
    let hash = world.site.index(1);
    assert_eq!(world.index().await.unwrap(), world.site.bytes(hash));
    assert_eq!((host.was_asked_for(hash), without.was_asked_for(hash)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn who_lies_refuses_or_is_gone_is_passed_over_at_once() {
    let world = World::new(1).warm().await;
    let gone = world.host("gone", 1, |_| Do::Mute);
    gone.responder.asks().close();
    let liar = world.host("liar", 1, |_| Do::Answer(Bytes::from_static(b"lies")));
    let empty = world.host("empty", 1, |_| Do::Refuse(ErrorCode::NotHere));
    let honest = world.host("honest", 1, Do::Answer);
    let began = Instant::now();
    assert!(world.index().await.is_ok());
    assert!(began.elapsed() < Duration::from_millis(50));
    assert_eq!((gone.asked(), liar.asked(), empty.asked(), honest.asked()), (0, 1, 1, 1));
    // Who lied is asked last from now on.
    assert!(world.index().await.is_ok());
    assert_eq!(liar.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn when_nobody_is_left_it_is_no_peer_at_once() {
    let world = World::new(1).warm().await;
    let began = Instant::now();
    assert_eq!(world.index().await.unwrap_err().code, ErrorCode::NoPeer);
    world.host("liar", 1, |_| Do::Answer(Bytes::from_static(b"lies")));
    world.host("empty", 1, |_| Do::Refuse(ErrorCode::NotHere));
    assert_eq!(world.index().await.unwrap_err().code, ErrorCode::NoPeer);
    assert!(began.elapsed() < Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn when_everyone_is_busy_it_is_rate_limited() {
    let world = World::new(1).warm().await;
    let full = std::sync::Arc::new(crowd_relay::Responder::new("full", Kind::Peer));
    let mut waiting = Vec::new();
    loop {
        let (reply, answer) = oneshot::channel();
        if full.ask(Ask { chunk: world.forwarded(), trace: None, reply }).is_err() {
            break;
        }
        waiting.push(answer);
    }
    world.peers.add(&full, 1, Have::All);
    let error = world.index().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert!(error.retry_after_ms.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_mute_peer_is_given_up_without_progress_and_a_chatty_one_in_the_end() {
    for (act, at_least, at_most) in [(Do::Mute, 10, 11), (Do::Chat, 59, 61)] {
        let world = World::new(1).warm().await;
        let peer = world.host("peer", 1, move |_| act.clone());
        let began = Instant::now();
        assert_eq!(world.index().await.unwrap_err().code, ErrorCode::Timeout);
        let took = began.elapsed().as_secs();
        assert!((at_least..=at_most).contains(&took), "{took}");
        assert_eq!(peer.asked(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_chunk_of_another_length_than_its_manifest_says_is_a_bad_manifest() {
    let world = World::new(1).warm().await;
    world.host("honest", 1, Do::Answer);
    let right = world.forwarded();
    let bad = Some(ErrorCode::BadManifest);
    // By its hash a chunk is served however long it is; between nodes it may not be longer than was asked for, since
    // that is what room was reserved for.
    for (size, exact, code, between_nodes) in [
        (SIZE as u32 + 1, true, bad, bad),
        (SIZE as u32 - 1, true, bad, bad),
        (SIZE as u32 - 1, false, None, bad),
        (SIZE as u32 + 1, false, None, None),
    ] {
        let ask = ChunkAsk { size, exact, ..right.clone() };
        assert_eq!(world.relay.fetch(ask.clone()).await.err().map(|error| error.code), code, "{size}");
        assert_eq!(world.relay.forwarded(ask).await.err().map(|error| error.code), between_nodes, "{size}");
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_of_an_older_version_are_asked_for_what_it_lists_too() {
    let world = World::new(2).warm().await;
    let host = world.host("old", 1, Do::Answer);
    let same = ChunkHash::of(&[b's'; SIZE]);
    assert!(world.by_hash(same).await.is_ok());
    assert_eq!(host.was_asked_for(world.site.manifest(1)), 1);
    // What only the newest lists is nowhere; the old manifest is known by now.
    assert_eq!(world.index().await.unwrap_err().code, ErrorCode::NoPeer);
    assert_eq!(host.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_never_shows_its_old_manifest_does_not_delay_no_peer() {
    let world = World::new(2).warm().await;
    let mute = Actor::of(Kind::Peer, "mute", |_| Do::Mute);
    world.peers.add(&mute.responder, 1, Have::All);
    let began = Instant::now();
    assert_eq!(world.index().await.unwrap_err().code, ErrorCode::NoPeer);
    assert!(began.elapsed() <= Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(mute.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_idle_one_of_two_is_the_better_and_the_mute_one_the_last() {
    let world = World::new(1).warm().await;
    let (a, b) = (world.host("a", 1, |_| Do::Mute), world.host("b", 1, |_| Do::Mute));
    let score = |actor: &Actor| actor.responder.score(SIZE as u32);
    // Neither was ever heard of, which is no fault: only what is asked of it counts against one.
    sleep(Duration::from_secs(3_600)).await;
    let (reply, _answer) = oneshot::channel();
    a.responder.ask(Ask { chunk: world.forwarded(), trace: None, reply }).unwrap();
    sleep(Duration::from_millis(10)).await;
    assert!(score(&b) < score(&a) && score(&a) < score(&b) + 1.0, "{} {}", score(&a), score(&b));
    sleep(Duration::from_secs(3)).await;
    assert!(score(&a) > score(&b) + 10.0);
}

#[tokio::test(start_paused = true)]
async fn the_faster_line_is_the_better() {
    let world = World::new(1).warm().await;
    let fast = world.host("fast", 1, |bytes| Do::Pause(Duration::from_millis(5), bytes));
    for _ in 0..5 {
        world.index().await.unwrap();
    }
    let new = world.host("new", 1, Do::Answer);
    assert!(fast.responder.score(SIZE as u32) < new.responder.score(SIZE as u32));
    assert_eq!(fast.responder.open(), 0);
}
