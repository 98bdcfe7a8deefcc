//! When a second peer is asked, and when not.

use std::time::Duration;

use tokio::time::Instant;

use crate::world::{Do, World};

#[tokio::test(start_paused = true)]
async fn a_silent_peer_is_hedged_long_before_it_is_given_up() {
    let world = World::new(1).warm().await;
    let silent = world.host("a-silent", 1, |_| Do::Mute);
    let other = world.host("other", 1, Do::Answer);
    let began = Instant::now();
    assert!(world.index().await.is_ok());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!((silent.asked(), other.asked()), (1, 1));
    // From now on it is known to be mute.
    let again = Instant::now();
    assert!(world.index().await.is_ok());
    assert!(again.elapsed() < Duration::from_millis(50));
    assert_eq!((silent.asked(), other.asked()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn nobody_else_is_asked_while_bytes_flow_in_time() {
    let world = World::new(1).warm().await;
    let flowing = world.host("a-flowing", 1, |bytes| Do::Trickle(Duration::from_millis(700), bytes));
    let other = world.host("other", 1, Do::Answer);
    let whole = flowing.responder.expectation(1_024).whole;
    assert!(Duration::from_millis(500) < whole, "{whole:?}");
    assert!(world.index().await.is_ok());
    assert_eq!(other.asked(), usize::from(whole < Duration::from_millis(700)));
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_is_hedged_and_where_there_is_nobody_else_nothing_is_spent() {
    let world = World::new(1).warm().await;
    let slow = |bytes| Do::Trickle(Duration::from_millis(6_000), bytes);
    for round in 0..10 {
        world.peers.clear();
        world.host(&format!("alone-{round}"), 1, slow);
        assert!(world.index().await.is_ok());
    }
    world.peers.clear();
    let (slow, other) = (world.host("a-slow", 1, slow), world.host("other", 1, Do::Answer));
    let began = Instant::now();
    assert!(world.index().await.is_ok());
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!((slow.asked(), other.asked()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn without_budget_a_line_that_stands_still_is_hedged_all_the_same() {
    let world = World::new(1).warm().await;
    spend_the_budget(&world).await;
    let stalled = world.host("a-stalled", 1, |_| Do::Stall(Duration::from_millis(100)));
    let other = world.host("other", 1, Do::Answer);
    let began = Instant::now();
    assert!(world.index().await.is_ok());
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    assert_eq!((stalled.asked(), other.asked()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn without_budget_a_chatty_peer_is_hedged_after_the_time_without_progress() {
    let world = World::new(1).warm().await;
    spend_the_budget(&world).await;
    let chatty = world.host("a-chatty", 1, |_| Do::Chat);
    let other = world.host("other", 1, Do::Answer);
    let began = Instant::now();
    assert!(world.index().await.is_ok());
    let took = began.elapsed();
    assert!((Duration::from_secs(9)..Duration::from_secs(12)).contains(&took), "{took:?}");
    assert_eq!((chatty.asked(), other.asked()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn when_an_older_attempt_ends_the_newest_goes_on_alone() {
    let world = World::new(1).warm().await;
    // Silent long enough to be hedged, then wrong.
    world.host("a-late-liar", 1, |_| Do::Pause(Duration::from_millis(1_000), "lies".into()));
    let second = world.host("b-flowing", 1, |bytes| Do::Trickle(Duration::from_millis(500), bytes));
    let third = world.host("c-third", 1, Do::Answer);
    assert!(world.index().await.is_ok());
    assert_eq!((second.asked(), third.asked()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn with_nobody_else_to_ask_the_silent_one_is_waited_for() {
    let world = World::new(1).warm().await;
    let late = world.host("late", 1, |bytes| Do::Pause(Duration::from_secs(9), bytes));
    assert!(world.index().await.is_ok());
    assert_eq!(late.asked(), 1);
}

/// Asks slow peers beside a quick one until no slow answer is hedged any more.
async fn spend_the_budget(world: &World) {
    for round in 0..20 {
        world.peers.clear();
        world.host(&format!("a{round}"), 1, |bytes| Do::Trickle(Duration::from_millis(3_000), bytes));
        let other = world.host(&format!("b{round}"), 1, Do::Answer);
        world.index().await.unwrap();
        if other.asked() == 0 {
            world.peers.clear();
            return;
        }
    }
    panic!("the budget never ends");
}
