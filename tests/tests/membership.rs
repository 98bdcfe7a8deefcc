//! Nodes that join, leave and die: what is hosted stays readable, and a name has one owner.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use crowd_node::{Config, Node, RegistryChoice};
use crowd_protocol::{ErrorCode, Have};
use crowd_tests::{Cluster, TestSite, eventually, within};
use tokio_util::sync::CancellationToken;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_claim_one_name_at_the_same_instant_exactly_one_wins() {
    let cluster = Cluster::start(3).await;
    for round in 0..10 {
        let name = format!("claim-{round}");
        let claim = async |node, owner| {
            let site = TestSite::of(&name, owner, 1, &[("index.html", Bytes::from(vec![owner; 10]))]);
            let mut peer = cluster.peer(node, site.clone()).await;
            (peer.publish(&site).await, site, peer)
        };
        let (a, b) = tokio::join!(claim(1, 1), claim(2, 2));
        let winners = [&a, &b].map(|(result, ..)| result.is_ok());
        assert!(winners[0] != winners[1], "round {round}: {:?} and {:?}", a.0, b.0);
        let (won, lost) = if winners[0] { (&a.1, &b.0) } else { (&b.1, &a.0) };
        assert_eq!(lost.as_ref().unwrap_err().code, ErrorCode::NameTaken, "round {round}");
        let mut reader = cluster.peer(0, ()).await;
        let (_, body) = reader.by_path(won.project(), "index.html", 0).await.unwrap();
        assert_eq!(body, won.file("index.html"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_joins_reads_at_once_what_is_hosted_and_makes_nothing_unreachable() {
    let mut cluster = Cluster::with(2, |config| config.relay.cache_bytes = 0).await;
    let mut publishers = Vec::new();
    let sites: Vec<_> = (0..30).map(|n| TestSite::small(&format!("site-{n}"), 1)).collect();
    for (n, site) in sites.iter().enumerate() {
        let mut publisher = cluster.peer(n % 2, site.clone()).await;
        publisher.publish(site).await.unwrap();
        publishers.push(publisher);
    }
    for _ in 0..3 {
        let new = cluster.add(|config| config.relay.cache_bytes = 0).await;
        let mut at_new = cluster.peer(new, ()).await;
        let mut at_old = cluster.peer(0, ()).await;
        for site in &sites {
            for reader in [&mut at_new, &mut at_old] {
                let read = reader.by_path(site.project(), "style.css", 0).await;
                assert!(read.is_ok(), "{} while node {new} joins: {read:?}", site.project());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_a_node_fails_no_read_of_what_is_hosted_elsewhere() {
    let mut cluster = Cluster::with(3, |config| config.relay.cache_bytes = 0).await;
    let site = TestSite::small("survives", 1);
    let mut publisher = cluster.peer(1, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let mut second = cluster.peer(2, site.clone()).await;
    second.host(&site, Have::All).await.unwrap();
    let mut reader = cluster.peer(0, ()).await;
    let hash = site.hash("images/sea.bin", 0);
    for read in 0..200 {
        if read == 50 {
            cluster.kill(1);
        }
        let asked = reader.by_hash(site.project(), hash);
        let chunk = within(Duration::from_secs(5), "a read while a node dies", asked).await;
        assert_eq!(chunk, Ok(site.chunk(&hash).unwrap()), "read {read}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_leaves_in_good_order_makes_nothing_unreachable() {
    let mut cluster = Cluster::with(3, |config| config.relay.cache_bytes = 0).await;
    let sites: Vec<_> = (0..20).map(|n| TestSite::small(&format!("stays-{n}"), 1)).collect();
    let mut publishers = Vec::new();
    for site in &sites {
        let mut publisher = cluster.peer(1, site.clone()).await;
        publisher.publish(site).await.unwrap();
        publishers.push(publisher);
    }
    cluster.leave(2).await;
    let mut reader = cluster.peer(0, ()).await;
    for site in &sites {
        let read = reader.by_path(site.project(), "style.css", 0).await;
        assert!(read.is_ok(), "{}: {read:?}", site.project());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_that_leave_one_after_the_other_hand_over_what_they_know() {
    // Of six nodes three own a project, so that others have to take over from those that leave.
    let mut cluster = Cluster::with(6, |config| config.relay.cache_bytes = 0).await;
    let sites: Vec<_> = (0..40).map(|n| TestSite::small(&format!("passed-on-{n}"), 1)).collect();
    let mut publishers = Vec::new();
    for site in &sites {
        let mut publisher = cluster.peer(0, site.clone()).await;
        publisher.publish(site).await.unwrap();
        publishers.push(publisher);
    }
    let mut reader = cluster.peer(5, ()).await;
    let reads = Arc::new(AtomicUsize::new(0));
    let reading = tokio::spawn({
        let (sites, reads) = (sites.clone(), reads.clone());
        async move {
            for site in sites.iter().cycle() {
                let read = reader.by_path(site.project(), "style.css", 0).await;
                assert!(read.is_ok(), "{}: {read:?}", site.project());
                reads.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let every_site_is_read = async || {
        let target = reads.load(Ordering::Relaxed) + sites.len();
        eventually("every site is read again", async || {
            assert!(!reading.is_finished(), "a read failed");
            (reads.load(Ordering::Relaxed) >= target).then_some(())
        })
        .await;
    };
    every_site_is_read().await;
    for at in 1..5 {
        cluster.leave(at).await;
        every_site_is_read().await;
    }
    reading.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_that_each_keep_a_registry_refuse_to_join() {
    let cluster = Cluster::start(1).await;
    let join = vec![cluster.node(0).addresses.cluster.to_string()];
    let config = Config { join, registry: RegistryChoice::Local, ..Config::ephemeral() };
    let node = Node::bind(config).await.unwrap();
    let run = node.run(CancellationToken::new());
    let error = within(Duration::from_secs(10), "the refusal", run).await.unwrap_err();
    assert!(format!("{error:#}").contains("two clusters"), "{error:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_a_live_node_has_is_refused() {
    let cluster = Cluster::with(1, |config| config.name = Some("n".to_owned())).await;
    let join = vec![cluster.node(0).addresses.cluster.to_string()];
    let config = Config { join, name: Some("n".to_owned()), ..Config::ephemeral() };
    let node = Node::bind(config).await.unwrap();
    let run = node.run(CancellationToken::new());
    let error = within(Duration::from_secs(10), "the refusal", run).await.unwrap_err();
    assert!(format!("{error:#}").contains("--name"), "{error:#}");
}
