//! Peers that lie, stay mute or leave: readers get the right bytes or a clear error, never wrong bytes, never a hang.

use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{ErrorCode, Have};
use crowd_tests::{Cluster, Reaction, ScriptedPeer, TestSite, but, within};

fn wrong(bytes: Bytes) -> Reaction {
    let mut wrong = bytes.to_vec();
    match wrong.first_mut() {
        Some(byte) => *byte ^= 1,
        None => wrong.push(0),
    }
    Reaction::Answer(wrong.into())
}

/// Two bad hosts for one good one, on both nodes.
async fn bad_hosts(cluster: &Cluster, site: &TestSite, bad: fn(Bytes) -> Reaction) -> Vec<ScriptedPeer> {
    let mut peers = Vec::new();
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(site).await.unwrap();
    peers.push(publisher);
    for node in [0, 1, 1] {
        let mut peer = cluster.peer(node, but(site, bad)).await;
        peer.host(site, Have::All).await.unwrap();
        peers.push(peer);
    }
    peers
}

async fn everything_is_read(cluster: &Cluster, site: &TestSite, limit: Duration) {
    for node in 0..2 {
        let mut reader = cluster.peer(node, ()).await;
        for file in site.manifest.files() {
            for (at, hash) in site.manifest.file_chunks(file).iter().enumerate() {
                let what = format!("{:?} chunk {at} through node {node}", file.path.as_str());
                let chunk = within(limit, &what, reader.by_hash(site.project(), *hash)).await;
                assert_eq!(chunk.as_ref(), Ok(&site.chunk(hash).unwrap()), "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn liars_are_found_out_and_others_asked() {
    let cluster = Cluster::with(2, |config| config.relay.cache_bytes = 0).await;
    let site = TestSite::small("lies", 1);
    let _peers = bad_hosts(&cluster, &site, wrong).await;
    everything_is_read(&cluster, &site, Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_else_is_asked_long_before_a_mute_peer_times_out() {
    let cluster = Cluster::with(2, |config| config.relay.cache_bytes = 0).await;
    let site = TestSite::small("mutes", 1);
    let _peers = bad_hosts(&cluster, &site, |_| Reaction::Mute).await;
    everything_is_read(&cluster, &site, Duration::from_secs(8)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_mid_answer_is_replaced() {
    let cluster = Cluster::with(2, |config| config.relay.cache_bytes = 0).await;
    let site = TestSite::small("leaves", 1);
    let _peers = bad_hosts(&cluster, &site, Reaction::LeaveMidAnswer).await;
    everything_is_read(&cluster, &site, Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_no_longer_has_a_chunk_is_passed_over() {
    let cluster = Cluster::with(2, |config| config.relay.cache_bytes = 0).await;
    let site = TestSite::small("lost", 1);
    let _peers = bad_hosts(&cluster, &site, |_| Reaction::NotHere).await;
    everything_is_read(&cluster, &site, Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_everyone_lies_or_refuses_it_is_no_peer_at_once() {
    for (name, bad) in [("all-lie", wrong as fn(Bytes) -> Reaction), ("all-refuse", |_| Reaction::NotHere)] {
        let cluster = Cluster::start(2).await;
        let site = TestSite::small(name, 1);
        let mut publisher = cluster.peer(0, but(&site, bad)).await;
        publisher.publish(&site).await.unwrap();
        for node in 0..2 {
            let mut reader = cluster.peer(node, ()).await;
            let asked = reader.by_path(site.project(), "index.html", 0);
            let error = within(Duration::from_secs(1), "no_peer", asked).await.unwrap_err();
            assert_eq!(error.code, ErrorCode::NoPeer, "{name} through node {node}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_host_is_not_asked_twice_for_what_it_is_sending() {
    // One slow but honest host, one fast one on another node: a steady reader makes the slow one upload each chunk
    // at most a little more than once in all.
    let cluster = Cluster::with(1, |config| config.relay.cache_bytes = 0).await;
    let site = TestSite::small("slow", 1);
    let slow = but(&site, |bytes| Reaction::Later(Duration::from_millis(150), bytes));
    let mut publisher = cluster.peer(0, slow).await;
    publisher.publish(&site).await.unwrap();
    let second = but(&site, |bytes| Reaction::Later(Duration::from_millis(150), bytes));
    let mut second = cluster.peer(0, second).await;
    second.host(&site, Have::All).await.unwrap();
    let mut reader = cluster.peer(0, ()).await;
    let hash = site.hash("images/sea.bin", 0);
    const READS: usize = 30;
    for _ in 0..READS {
        reader.by_hash(site.project(), hash).await.unwrap();
    }
    let mut asked = 0;
    for peer in [&mut publisher, &mut second] {
        while let Ok(event) = peer.events.try_recv() {
            asked += usize::from(matches!(event, crowd_tests::Event::Asked(asked) if asked.hash == hash));
        }
    }
    assert!((READS..=READS + READS / 5).contains(&asked), "{asked} asks for {READS} reads");
}
