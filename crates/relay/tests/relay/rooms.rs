//! Memory for answers: bounded, given in turn, and never a reason to wait for ever.

use std::time::Duration;

use crowd_protocol::{ChunkHash, ErrorCode};
use crowd_relay::Room;
use futures_util::future::join;
use tokio::time::{Instant, sleep};

use crate::world::{Do, SIZE, World};

const WAIT: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn what_is_larger_than_the_budget_gets_all_of_it() {
    let room = Room::new(64 << 10, WAIT, "chunks");
    let all = room.reserve(1 << 20).await.unwrap();
    let began = Instant::now();
    assert_eq!(room.reserve(1).await.unwrap_err().code, ErrorCode::RateLimited);
    assert_eq!(began.elapsed(), WAIT);
    drop(all);
    assert!(room.reserve(1 << 20).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn room_is_given_in_turn_so_that_small_ones_do_not_starve_a_large_one() {
    let room = Room::new(10 << 10, WAIT, "chunks");
    let (first, second) = (room.reserve(5 << 10).await.unwrap(), room.reserve(5 << 10).await.unwrap());
    let large = tokio::spawn({
        let room = room.clone();
        async move { room.reserve(10 << 10).await.map(|_| Instant::now()) }
    });
    sleep(Duration::from_millis(10)).await;
    drop(first);
    let small = tokio::spawn({
        let room = room.clone();
        async move { room.reserve(1 << 10).await.map(|_| Instant::now()) }
    });
    sleep(Duration::from_millis(10)).await;
    drop(second);
    assert!(large.await.unwrap().unwrap() <= small.await.unwrap().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_given_up_takes_no_room() {
    let room = Room::new(10 << 10, WAIT, "chunks");
    let held = room.reserve(10 << 10).await.unwrap();
    assert!(room.reserve(8 << 10).await.is_err());
    drop(held);
    assert!(room.reserve(10 << 10).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_answer_holds_its_room_until_it_is_dropped() {
    // Three quarters of it are for chunks: room for one.
    let world = World::with(1, |config| config.room_bytes = 1_400).warm().await;
    world.host("host", 1, Do::Answer);
    let ask = world.forwarded();
    let held = world.relay.fetch(ask.clone()).await.unwrap();
    assert_eq!(world.relay.fetch(ask.clone()).await.unwrap_err().code, ErrorCode::RateLimited);
    drop(held);
    assert!(world.relay.fetch(ask).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn requests_that_hold_room_and_need_a_manifest_do_not_wait_for_each_other() {
    let world = World::with(9, |config| config.room_bytes = 8 << 10).warm().await;
    // All of the room for manifests is what one takes. Each is read while the chunk's own room is held.
    for version in 1..=8 {
        world.host(&format!("host-{version}"), version, Do::Answer);
    }
    let same = ChunkHash::of(&[b's'; SIZE]);
    let began = Instant::now();
    let (path, hash) = join(world.path("same.html"), world.by_hash(same)).await;
    assert!(path.is_ok() && hash.is_ok(), "{path:?} {hash:?}");
    assert!(began.elapsed() < Duration::from_millis(500), "{:?}", began.elapsed());
}
