//! Equal requests share one sessioncast, whoever of them goes away.

use std::time::Duration;

use crowd_protocol::{ErrorCode, Have};
use crowd_relay::Kind;
use tokio::time::{sleep, timeout};

use crate::world::{Actor, Do, World};

#[tokio::test(start_paused = true)]
async fn equal_requests_ask_once_and_outlive_the_first_of_them() {
    let world = std::sync::Arc::new(World::new(1).warm().await);
    let host = world.host("host", 1, |bytes| Do::Trickle(Duration::from_millis(500), bytes));
    let first = tokio::spawn({
        let world = world.clone();
        async move { world.index().await }
    });
    sleep(Duration::from_millis(10)).await;
    let others: Vec<_> = (0..3)
        .map(|_| {
            let world = world.clone();
            tokio::spawn(async move { world.index().await })
        })
        .collect();
    sleep(Duration::from_millis(10)).await;
    first.abort();
    for other in others {
        assert!(timeout(Duration::from_secs(1), other).await.unwrap().unwrap().is_ok());
    }
    assert_eq!(host.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn when_everybody_goes_away_the_ask_is_dropped_and_nothing_stays_counted() {
    let world = World::new(1).warm().await;
    let host = world.host("host", 1, |bytes| Do::Pause(Duration::from_millis(500), bytes));
    assert!(timeout(Duration::from_millis(100), world.index()).await.is_err());
    sleep(Duration::from_secs(1)).await;
    assert_eq!(host.responder.open(), 0);
    assert!(world.index().await.is_ok());
    assert_eq!(host.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn who_joins_a_search_that_began_before_there_was_a_host_finds_it_all_the_same() {
    let world = std::sync::Arc::new(World::new(1).warm().await);
    *world.nodes.takes.lock().unwrap() = Duration::from_millis(300);
    let early = tokio::spawn({
        let world = world.clone();
        async move { world.index().await }
    });
    sleep(Duration::from_millis(100)).await;
    let host = Actor::of(Kind::Peer, "host", world.site.script(Do::Answer));
    world.peers.add(&host.responder, 1, Have::All);
    assert!(world.index().await.is_ok());
    // It was right when it asked.
    let early = early.await.unwrap();
    assert!(early.is_ok() || early.unwrap_err().code == ErrorCode::NoPeer);
}
