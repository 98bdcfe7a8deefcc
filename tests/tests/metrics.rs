//! What a node tells Prometheus: every metric of the list and no other, and numbers that follow what happens.

use crowd_protocol::{ChunkHash, ErrorCode, Have, ProjectName};
use crowd_telemetry::{Kind, METRICS, Metrics};
use crowd_tests::{Cluster, Reaction, Sample, Scrape, ScriptedPeer, TestSite, but, eventually, get, noise};

/// Three nodes that count from the beginning.
async fn counting() -> Cluster {
    let metrics = Metrics::install().expect("no other recorder is installed");
    metrics.build("1.2.3 (abcdef)");
    Cluster::with(3, |config| config.metrics = Some(metrics)).await
}

async fn scrape(cluster: &Cluster, node: usize) -> Scrape {
    Scrape::of(cluster.node(node).addresses.admin).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listed_metric_is_there_from_the_start_and_after_traffic_no_other() {
    let cluster = counting().await;
    let before = scrape(&cluster, 0).await;
    let listed: Vec<_> = METRICS.iter().map(|metric| metric.name).collect();
    let missing: Vec<_> = listed.iter().filter(|name| !before.names().contains(*name)).collect();
    assert!(missing.is_empty(), "listed, and not exported: {missing:?}");

    let _host = traffic(&cluster).await;
    let after = scrape(&cluster, 0).await;
    let unlisted: Vec<_> = after.names().into_iter().filter(|name| !listed.contains(name)).collect();
    assert!(unlisted.is_empty(), "exported, and not listed: {unlisted:?}");
    for metric in METRICS {
        let described = &after.described[metric.name];
        assert_eq!(described, &(metric.kind.as_str().to_owned(), metric.help.to_owned()), "{}", metric.name);
    }
    let strangers: Vec<_> = after.samples.iter().filter(|sample| !fits(&after, sample)).collect();
    assert!(strangers.is_empty(), "labels that are not listed: {strangers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_follow_what_happens() {
    let cluster = counting().await;
    let _host = traffic(&cluster).await;
    let after = scrape(&cluster, 0).await;
    let sum = |name: &str, labels: &[(&str, &str)]| after.sum(name, labels);

    // Two by WebSocket at node 1 and one over HTTP at node 2; each of these nodes asked node 0 for them.
    assert_eq!(sum("crowd_requests_total", &[("door", "ws"), ("outcome", "ok")]), 2.0);
    assert_eq!(sum("crowd_requests_total", &[("door", "ws"), ("outcome", "unknown_project")]), 1.0);
    assert_eq!(sum("crowd_requests_total", &[("door", "http"), ("outcome", "ok")]), 1.0);
    assert_eq!(sum("crowd_requests_total", &[("door", "http"), ("outcome", "not_found")]), 1.0);
    assert!(sum("crowd_requests_total", &[("door", "node"), ("outcome", "ok")]) >= 3.0);
    assert_eq!(sum("crowd_request_seconds_count", &[("door", "ws")]), 3.0);
    assert_eq!(sum("crowd_request_seconds_count", &[("door", "http")]), 2.0);
    for hop in ["peer", "node", "registry_read", "registry_write"] {
        assert!(sum("crowd_hop_seconds_count", &[("hop", hop)]) > 0.0, "{hop}");
    }
    assert_eq!(sum("crowd_publishes_total", &[("outcome", "ok")]), 1.0);
    assert_eq!(sum("crowd_publishes_total", &[("outcome", "name_taken")]), 1.0);
    assert_eq!(sum("crowd_registry_calls_total", &[("call", "compare_and_set"), ("outcome", "ok")]), 1.0);
    // Node 0 kept what node 1 asked it for, and had it for node 2.
    assert_eq!(sum("crowd_cache_lookups_total", &[("outcome", "hit")]), 1.0);

    // The chunk of 100,000 bytes went up from its peer, to node 1, and down to the reader.
    for (name, door) in [
        ("crowd_received_bytes_total", "ws"),
        ("crowd_sent_bytes_total", "ws"),
        ("crowd_received_bytes_total", "node"),
        ("crowd_sent_bytes_total", "node"),
    ] {
        assert!(sum(name, &[("door", door)]) > 100_000.0, "{name} {door}");
    }
    assert!(sum("crowd_sent_bytes_total", &[("door", "http")]) > 0.0);
    assert_eq!(sum("crowd_asks", &[]), 0.0, "nothing is under way");

    assert!(sum("crowd_handshakes_total", &[("outcome", "accepted")]) >= 3.0);
    assert!(sum("process_resident_memory_bytes", &[]) > 1e6);
    assert_eq!(sum("crowd_build_info", &[("version", "1.2.3 (abcdef)")]), 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_shows_the_node_that_is_asked() {
    let mut cluster = counting().await;
    let _host = traffic(&cluster).await;
    let mut share = 0.0;
    for node in 0..3 {
        let seen = scrape(&cluster, node).await;
        assert_eq!(seen.sum("crowd_members", &[]), 3.0);
        assert_eq!(seen.sum("crowd_ready", &[]), 1.0);
        assert_eq!(seen.sum("crowd_registry_following", &[]), 1.0);
        assert_eq!(seen.sum("crowd_projects_hosted", &[]), f64::from(node == 0));
        assert_eq!(seen.sum("crowd_sessions_limit", &[]), 50_000.0);
        share += seen.sum("crowd_ring_share_ratio", &[]);
    }
    assert!((share - 1.0).abs() < 1e-6, "the nodes share the ring: {share}");
    cluster.kill(2);
    eventually("its death shows", async || {
        let seen = scrape(&cluster, 0).await;
        (seen.sum("crowd_members", &[]) == 2.0
            && seen.sum("crowd_member_changes_total", &[("change", "down")]) >= 1.0)
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_liar_shows_as_a_failover_and_as_somebody_asked_last() {
    let cluster = counting().await;
    let site = TestSite::small("lied-about", 3);
    let lie = but(&site, |_| Reaction::Answer(noise(9, 17)));
    let mut liar = cluster.peer(0, lie).await;
    liar.publish(&site).await.unwrap();
    let mut reader = cluster.peer(0, ()).await;
    let refused = reader.by_path(site.project(), "index.html", 0).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoPeer);
    let seen = scrape(&cluster, 0).await;
    assert_eq!(seen.sum("crowd_failovers_total", &[("of", "peer"), ("why", "lied")]), 1.0);
    assert_eq!(seen.sum("crowd_responders_faulty", &[("of", "peer")]), 1.0);
    assert_eq!(seen.sum("crowd_requests_total", &[("door", "ws"), ("outcome", "no_peer")]), 1.0);
    drop(liar);
    eventually("who left is not counted among them", async || {
        let seen = scrape(&cluster, 0).await;
        (seen.sum("crowd_responders_faulty", &[("of", "peer")]) == 0.0
            && seen.sum("crowd_sessions", &[]) == 1.0
            && seen.sum("crowd_sessions_ended_total", &[]) == 1.0)
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_peer_shows_as_a_hedge() {
    let cluster = counting().await;
    let site = TestSite::small("slow-home", 4);
    let mut mute = cluster.peer(0, but(&site, |_| Reaction::Mute)).await;
    mute.publish(&site).await.unwrap();
    let mut host = cluster.peer(1, site.clone()).await;
    host.host(&site, Have::All).await.unwrap();
    // Peers of the same node are asked first, and this one says nothing.
    let mut reader = cluster.peer(0, ()).await;
    reader.by_path(site.project(), "style.css", 0).await.unwrap();
    let seen = scrape(&cluster, 0).await;
    assert_eq!(seen.sum("crowd_hedges_total", &[("why", "silent")]), 1.0);
    assert_eq!(seen.sum("crowd_failovers_total", &[]), 0.0, "it was not waited for");
    assert_eq!(seen.sum("crowd_asks", &[]), 0.0, "nor is it any more");
}

#[test]
fn every_code_of_the_protocol_is_an_outcome() {
    let requests = METRICS.iter().find(|metric| metric.name == "crowd_requests_total").unwrap();
    let (_, outcomes) = requests.labels.iter().find(|(label, _)| *label == "outcome").unwrap();
    for code in ErrorCode::ALL {
        assert!(outcomes.contains(&code.as_str()), "{}", code.as_str());
    }
}

/// Whether the sample's labels are those of its metric.
fn fits(scrape: &Scrape, sample: &Sample) -> bool {
    let metric = METRICS.iter().find(|metric| metric.name == scrape.metric_of(sample)).expect("it is listed");
    let bound = |label: &str| metric.kind == Kind::Histogram && label == "le";
    let listed = |label: &str, value: &str| {
        let values = metric.labels.iter().find(|(listed, _)| *listed == label);
        values.is_some_and(|(_, values)| values.is_empty() || values.contains(&value))
    };
    sample.labels.iter().all(|(label, value)| bound(label) || listed(label, value))
        && metric.labels.iter().all(|(label, _)| sample.labels.contains_key(*label))
}

/// A site on node 0, read by WebSocket through node 1 and over HTTP through node 2; a name that nobody has, a path that
/// is not there, and a publisher who comes too late. Gives back the host, which stays.
async fn traffic(cluster: &Cluster) -> ScriptedPeer {
    let files = [("index.html", noise(1, 3_000)), ("big.bin", noise(2, 100_000))];
    let site = TestSite::chunked("metered", 1, 1, 262_144, &files);
    let mut host = cluster.peer(0, site.clone()).await;
    host.publish(&site).await.unwrap();

    let mut reader = cluster.peer(1, ()).await;
    reader.by_path(site.project(), "big.bin", 0).await.unwrap();
    reader.by_hash(site.project(), site.hash("index.html", 0)).await.unwrap();
    let nobodys = ProjectName::parse("nobodys").unwrap();
    reader.by_hash(&nobodys, ChunkHash::of(b"x")).await.unwrap_err();

    let public = cluster.node(2).addresses.public;
    assert_eq!(get(public, "/metered/big.bin").await.unwrap().status, 200);
    assert_eq!(get(public, "/metered/nothing.png").await.unwrap().status, 404);

    let other = TestSite::small("metered", 2);
    let taken = cluster.peer(2, other.clone()).await.publish(&other).await.unwrap_err();
    assert_eq!(taken.code, ErrorCode::NameTaken);
    host
}
