//! What is kept in memory, and what happens when it is not there any more.

use bytes::Bytes;

use crate::world::{Do, World};

#[tokio::test(start_paused = true)]
async fn with_a_cache_a_chunk_is_asked_for_once_and_without_each_time() {
    for (cache_bytes, asked) in [(1 << 20, 1), (0, 3)] {
        let world = World::with(1, |config| config.cache_bytes = cache_bytes).warm().await;
        let host = world.host("host", 1, Do::Answer);
        for _ in 0..3 {
            assert!(world.index().await.is_ok());
        }
        assert_eq!(host.asked(), asked);
        assert_eq!(world.relay.traffic().0, 3 + 1, "the manifest was one more");
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_bytes_never_enter_the_cache() {
    let world = World::with(1, |config| config.cache_bytes = 1 << 20).warm().await;
    world.host("liar", 1, |bytes| Do::Answer(Bytes::from(vec![0; bytes.len()])));
    assert!(world.index().await.is_err());
    world.peers.clear();
    assert!(world.index().await.is_err());
    assert_eq!(world.relay.cache_size(), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_manifest_is_fetched_once_and_again_where_it_was_evicted() {
    for (manifest_bytes, fetched) in [(1 << 20, 1), (0, 3)] {
        let world = World::with(1, |config| config.manifest_bytes = manifest_bytes);
        let host = world.host("host", 1, Do::Answer);
        for _ in 0..3 {
            assert!(world.index().await.is_ok());
            // Room that is over its bound is made free in passing.
            world.relay.known_manifest(&world.site.record, 1);
        }
        let asked = host.was_asked_for(world.site.manifest(1));
        assert_eq!(asked, fetched);
        assert_eq!(host.was_asked_for(world.site.index(1)), 3);
    }
}
