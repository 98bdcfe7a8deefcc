//! Nodes that speak TLS themselves, and the peers that reach them.

use std::sync::Arc;

use bytes::Bytes;
use crowd_node::{AppPort, Config, Node, TlsFiles};
use crowd_peer::{MemoryStore, NodeUrl, Peer, PeerConfig, PeerError, Publication};
use crowd_protocol::{Have, RequestPath};
use crowd_tests::{Cluster, TestCa, TestNode, TestSite, eventually, get, get_secure};

async fn two(ca: &TestCa) -> Cluster {
    let files = ca.node();
    Cluster::with(2, |config| {
        config.tls = Some(files.clone());
        config.app_port = AppPort::Require(0);
        config.relay.cache_bytes = 0;
    })
    .await
}

/// A peer that trusts `ca`, at the node's port by `scheme`.
async fn peer(ca: &TestCa, node: &TestNode, scheme: &str) -> Result<Peer, PeerError> {
    let url = NodeUrl::parse(&format!("{scheme}{}", node.addresses.public)).unwrap();
    Peer::connect(PeerConfig { tls: Some(ca.client()), ..PeerConfig::new([url]) }).await
}

fn publication(site: &TestSite) -> Publication {
    let store = MemoryStore::default();
    let hashes = site.manifest.chunks().iter().copied().chain([site.release.manifest]);
    for hash in hashes {
        store.put(site.chunk(&hash).unwrap());
    }
    Publication { release: site.release.clone(), store: Arc::new(store), have: Some(Have::All), token: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_over_wss_is_read_over_wss_and_https_through_another_node() {
    let ca = TestCa::new();
    let cluster = two(&ca).await;
    let site = TestSite::small("secure", 1);
    let publisher = peer(&ca, cluster.node(0), "https://").await.unwrap();
    publisher.publish(publication(&site)).await.unwrap();

    let reader = peer(&ca, cluster.node(1), "wss://").await.unwrap();
    for hash in site.manifest.chunks() {
        let chunk = reader.request_hash(site.project(), hash).await.unwrap();
        assert_eq!(chunk, site.chunk(hash).unwrap());
    }
    let nodes = reader.connection().unwrap().nodes;
    assert_eq!(nodes.len(), 2);
    assert!(nodes.iter().all(|url| url.starts_with("wss://127.0.0.1:")), "{nodes:?}");

    let public = cluster.node(1).addresses.public;
    let reply = get_secure(public, "/secure/images/sea.bin", ca.client()).await.unwrap();
    assert_eq!((reply.status.as_u16(), reply.body), (200, site.file("images/sea.bin")));
    assert!(get_secure(public, "/secure/", TestCa::new().client()).await.is_err(), "a stranger's authority");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_without_tls_is_led_to_it() {
    let ca = TestCa::new();
    let cluster = two(&ca).await;
    let node = cluster.node(0);
    let public = node.addresses.public;
    let reply = get(public, "/secure/?x=1").await.unwrap();
    assert_eq!(
        (reply.status.as_u16(), reply.header("location")),
        (308, &*format!("https://{public}/secure/?x=1"))
    );
    let reply = get(node.addresses.app.unwrap(), "/secure/").await.unwrap();
    assert_eq!(
        (reply.status.as_u16(), reply.header("location")),
        (307, &*format!("https://{public}/secure/"))
    );

    // As an address such as crowd://127.0.0.1:7000/secure leads to it.
    for scheme in ["", "http://"] {
        let peer = peer(&ca, node, scheme).await.unwrap();
        assert!(peer.connection().unwrap().url.is_tls(), "{scheme}");
        peer.ping().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_trusts_the_authority_that_it_was_given_and_no_other() {
    let (ca, other) = (TestCa::new(), TestCa::new());
    let cluster = two(&ca).await;
    let url = NodeUrl::parse(&format!("https://{}", cluster.node(0).addresses.public)).unwrap();
    let trusting = async |ca: &TestCa| PeerConfig::new([url.clone()]).trust(&ca.file()).await.unwrap();
    Peer::connect(trusting(&ca).await).await.unwrap().ping().await.unwrap();
    let error = Peer::connect(trusting(&other).await).await.err().unwrap().to_string();
    assert!(error.contains("TLS: invalid peer certificate"), "{error}");

    let key = ca.node().key;
    let error = PeerConfig::new([]).trust(&key).await.unwrap_err().to_string();
    assert!(error.ends_with("node.key: it holds no certificate in PEM form"), "{error}");
    let error = PeerConfig::new([]).trust("/no/ca".as_ref()).await.unwrap_err().to_string();
    assert!(error.starts_with("/no/ca: "), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_outlives_the_certificate_that_it_began_with() {
    let ca = TestCa::new();
    let files = ca.node();
    let config = Config { tls: Some(files.clone()), ..Config::ephemeral() };
    let node = TestNode::start(config).await;
    let old = peer(&ca, &node, "wss://").await.unwrap();
    let id = old.connection().unwrap().peer;
    let next = TestCa::new();
    let renewed = next.node();
    std::fs::copy(&renewed.cert, &files.cert).unwrap();
    std::fs::copy(&renewed.key, &files.key).unwrap();
    eventually("the new certificate is served", async || {
        get_secure(node.addresses.public, "/", next.client()).await.ok()
    })
    .await;
    assert!(get_secure(node.addresses.public, "/", ca.client()).await.is_err(), "the old one is gone");
    old.ping().await.unwrap();
    assert_eq!(old.connection().unwrap().peer, id, "it is still the same connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_does_not_start_with_what_it_cannot_serve() {
    let ca = TestCa::new();
    let (one, other) = (ca.node(), ca.issue("other", &["localhost"]));
    for (files, public_url, why) in [
        (
            TlsFiles { cert: "/no/tls.crt".into(), ..one.clone() },
            None,
            "--tls-cert and --tls-key: /no/tls.crt can't be",
        ),
        (TlsFiles { key: other.key, ..one.clone() }, None, "is not that of the certificate"),
        (one, Some("http://discovery.example.org"), "--public-url"),
    ] {
        let config =
            Config { tls: Some(files), public_url: public_url.map(str::to_owned), ..Config::ephemeral() };
        let error = format!("{:#}", Node::bind(config).await.err().unwrap());
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_64_kib_and_more_cross_tls_whole_in_both_directions() {
    let ca = TestCa::new();
    let cluster = two(&ca).await;
    let files: Vec<(String, Bytes)> =
        (0..8).map(|n| (format!("{n}.bin"), crowd_tests::noise(n, 700_000))).collect();
    let files: Vec<_> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.clone())).collect();
    let site = TestSite::chunked("large", 1, 1, 262_144, &files);
    let publisher = peer(&ca, cluster.node(0), "wss://").await.unwrap();
    publisher.publish(publication(&site)).await.unwrap();
    let reader = peer(&ca, cluster.node(1), "wss://").await.unwrap();
    let reads = site.manifest.chunks().iter().map(|hash| reader.request_hash(site.project(), hash));
    for chunk in futures_util::future::join_all(reads).await {
        chunk.unwrap();
    }
    let path = RequestPath::parse("7.bin").unwrap();
    let first = reader.request_path(site.project(), &path, 0, None).await.unwrap();
    assert_eq!(first.bytes, files[7].1.slice(..262_144));
    let public = cluster.node(1).addresses.public;
    let reply = get_secure(public, "/large/7.bin", ca.client()).await.unwrap();
    assert_eq!(reply.body, files[7].1);
    assert!(matches!(publisher.resolve(site.project()).await, Ok(resolved) if resolved.peers == 1));
}
