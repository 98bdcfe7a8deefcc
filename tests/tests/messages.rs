//! Every message type of PROTOCOL.md, each from the peer's side, and the limits that go with it.

use crowd_protocol::{BitField, ErrorCode, Have, NodeMessage, PeerMessage, ProjectName};
use crowd_tests::{Cluster, Event, ScriptedPeer, TestSite, eventually};
use tokio_tungstenite::tungstenite::{Error, Message};

fn newer(site: &TestSite, version: u64) -> TestSite {
    let text = format!("version {version}").into_bytes();
    TestSite::of(site.project().as_str(), 1, version, &[("index.html", text.into())])
}

#[tokio::test(flavor = "multi_thread")]
async fn welcome_names_the_node_the_cluster_and_all_nodes() {
    let cluster = Cluster::start(3).await;
    let mut clusters = Vec::new();
    for node in 0..3 {
        let peer = cluster.peer(node, ()).await;
        let NodeMessage::Welcome { peer: id, node: name, cluster, nodes, heartbeat_s } = peer.welcome else {
            panic!("not a welcome");
        };
        assert!(!id.is_empty() && !name.is_empty());
        assert_eq!((nodes.len(), heartbeat_s), (3, 30));
        assert!(nodes.iter().all(|url| url.starts_with("ws://") && url.ends_with("/.crowd/ws")), "{nodes:?}");
        clusters.push(cluster);
    }
    assert!(clusters.iter().all(|id| *id == clusters[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_offer_the_subprotocol_is_refused_with_400() {
    let cluster = Cluster::start(1).await;
    let address = cluster.node(0).addresses.public;
    let url = format!("ws://{address}/.crowd/ws");
    let socket = tokio::net::TcpStream::connect(address).await.unwrap();
    match tokio_tungstenite::client_async(url, socket).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 400),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ping_is_answered_by_ok() {
    let cluster = Cluster::start(1).await;
    let mut peer = cluster.peer(0, ()).await;
    assert!(matches!(peer.ask(|id| PeerMessage::Ping { id }).await, Ok(NodeMessage::Ok { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn publish_asks_the_publisher_for_the_manifest_before_ok() {
    let cluster = Cluster::start(1).await;
    let site = TestSite::small("asks", 1);
    let mut publisher = cluster.peer(0, site.clone()).await;
    let release = site.release.clone();
    publisher.ask(|id| PeerMessage::Publish { id, release, token: None, have: None }).await.unwrap();
    match publisher.event().await {
        Event::Asked(asked) => assert_eq!((asked.hash, asked.version), (site.release.manifest, 1)),
        other => panic!("{other:?}"),
    }
    // Without `have` nobody hosts it yet.
    assert_eq!(publisher.resolve(site.project()).await.unwrap(), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_very_same_release_again_is_ok_and_changes_nothing() {
    let cluster = Cluster::start(2).await;
    let site = TestSite::small("again", 1);
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    publisher.publish(&site).await.unwrap();
    let mut other = cluster.peer(1, site.clone()).await;
    other.publish(&site).await.unwrap();
    assert_eq!(other.resolve(site.project()).await.unwrap(), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn host_and_unhost_are_seen_from_every_node_once_they_are_answered() {
    let cluster = Cluster::start(3).await;
    let site = TestSite::small("hosted", 1);
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let mut host = cluster.peer(1, site.clone()).await;
    host.host(&site, Have::All).await.unwrap();
    let project = site.project().clone();
    publisher.ask(|id| PeerMessage::Unhost { id, project }).await.unwrap();
    let mut reader = cluster.peer(2, ()).await;
    let (_, body) = reader.by_path(site.project(), "index.html", 0).await.unwrap();
    assert_eq!(body, site.file("index.html"));
    let project = site.project().clone();
    host.ask(|id| PeerMessage::Unhost { id, project }).await.unwrap();
    let error = reader.by_path(site.project(), "style.css", 0).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::NoPeer);
    eventually("nobody hosts it", async || {
        (reader.resolve(site.project()).await.unwrap().1 == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_of_an_older_version_is_told_of_the_newer_one() {
    let cluster = Cluster::start(2).await;
    let first = TestSite::small("older", 1);
    let mut publisher = cluster.peer(0, first.clone()).await;
    publisher.publish(&first).await.unwrap();
    let second = newer(&first, 2);
    let mut owner = cluster.peer(0, second.clone()).await;
    owner.publish(&second).await.unwrap();

    let mut host = cluster.peer(1, first.clone()).await;
    host.host(&first, Have::All).await.unwrap();
    let expected = NodeMessage::Updated { project: first.project().clone(), version: 2 };
    assert_eq!(host.message().await, expected);
    let unknown = newer(&first, 9);
    assert_eq!(host.host(&unknown, Have::All).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_of_the_version_before_stay_answerable_after_a_newer_host() {
    let cluster = Cluster::with(2, |config| config.relay.cache_bytes = 0).await;
    let first = TestSite::small("before", 1);
    let second = newer(&first, 2);
    let (one, two) = (first.clone(), second.clone());
    let both = move |asked: &crowd_tests::Asked| {
        let chunk = one.chunk(&asked.hash).or_else(|| two.chunk(&asked.hash));
        crowd_tests::Reaction::Answer(chunk.expect("one of the two has it"))
    };
    let mut publisher = cluster.peer(0, both).await;
    publisher.publish(&first).await.unwrap();
    publisher.publish(&second).await.unwrap();
    let mut reader = cluster.peer(1, ()).await;
    let (_, body) = reader.by_path(first.project(), "index.html", 0).await.unwrap();
    assert_eq!(body, "version 2");
    let old = reader.by_hash(first.project(), first.hash("style.css", 0)).await.unwrap();
    assert_eq!(old, first.file("style.css"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_is_told_of_the_first_release_and_of_newer_ones_on_any_node() {
    let cluster = Cluster::start(3).await;
    let first = TestSite::small("watched", 1);
    let mut watcher = cluster.peer(2, ()).await;
    let project = first.project().clone();
    watcher.ask(|id| PeerMessage::Watch { id, project }).await.unwrap();
    let mut publisher = cluster.peer(0, first.clone()).await;
    publisher.publish(&first).await.unwrap();
    let updated = |version| NodeMessage::Updated { project: first.project().clone(), version };
    assert_eq!(watcher.message().await, updated(1));
    let second = newer(&first, 2);
    let mut owner = cluster.peer(1, second.clone()).await;
    owner.publish(&second).await.unwrap();
    assert_eq!(watcher.message().await, updated(2));
    // The host of the first is told too: hosting watches.
    assert_eq!(publisher.message().await, updated(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn goaway_comes_when_the_node_leaves_and_names_the_others() {
    let mut cluster = Cluster::start(2).await;
    let mut peer = cluster.peer(1, ()).await;
    cluster.node(1).start_leaving();
    match peer.message().await {
        NodeMessage::Goaway { reason, nodes, .. } => {
            assert_eq!(reason, "draining");
            let other = cluster.node(0).addresses.public;
            assert_eq!(nodes, [format!("ws://{other}/.crowd/ws")]);
        }
        other => panic!("{other:?}"),
    }
    cluster.leave(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_peer_is_pinged_and_dropped_after_two_heartbeats() {
    let heartbeat = std::time::Duration::from_secs(1);
    let cluster = Cluster::with(1, |config| config.heartbeat = heartbeat).await;
    let address = cluster.node(0).addresses.public;
    // A raw socket that shakes hands and then neither reads nor answers pings.
    let silent = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET /.crowd/ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: crowd.v1\r\n\r\n"
    );
    silent.writable().await.unwrap();
    silent.try_write(head.as_bytes()).unwrap();
    let honest = cluster.peer(0, ()).await;
    let connected = async || {
        let status = crowd_tests::get(cluster.node(0).addresses.admin, "/api/cluster").await.unwrap();
        let status: serde_json::Value = serde_json::from_slice(&status.body).unwrap();
        status["peers"].as_u64().unwrap()
    };
    eventually("both are connected", async || (connected().await == 2).then_some(())).await;
    eventually("the silent one is dropped", async || (connected().await == 1).then_some(())).await;
    // The honest one answers pings by itself and stays.
    tokio::time::sleep(heartbeat * 3).await;
    assert_eq!(connected().await, 1);
    drop(honest);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_hosting_happen_in_the_order_in_which_they_are_asked() {
    let cluster = Cluster::start(2).await;
    let site = TestSite::small("order", 1);
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let mut peer = cluster.peer(1, site.clone()).await;
    let project = || site.project().clone();
    let bits = || Have::Bits(BitField::new(site.manifest.chunks().len()));
    // All at once: what counts in the end is what was said last.
    let mut answers = Vec::new();
    for _ in 0..5 {
        let host = |id| PeerMessage::Host { id, project: project(), version: 1, have: bits() };
        answers.push(peer.start(host).await);
        answers.push(peer.start(|id| PeerMessage::Unhost { id, project: project() }).await);
    }
    for answer in answers {
        assert!(matches!(answer.await.unwrap(), NodeMessage::Ok { .. }));
    }
    assert_eq!(publisher.resolve(site.project()).await.unwrap().1, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn binary_frames_and_unknown_fields_are_taken_as_the_page_says() {
    let cluster = Cluster::start(1).await;
    let mut peer = ScriptedPeer::connect(cluster.node(0).addresses.public, ()).await;
    peer.raw(Message::text(r#"{"t":"ping","id":77,"later":{"field":[1,2]}}"#)).await;
    assert_eq!(peer.message().await, NodeMessage::Ok { id: 77 });
    let head = br#"{"t":"ping","id":78}"#;
    let mut frame = (head.len() as u16).to_be_bytes().to_vec();
    frame.extend_from_slice(head);
    peer.raw(Message::binary(frame)).await;
    assert_eq!(peer.message().await, NodeMessage::Ok { id: 78 });
    let unknown = ProjectName::parse("nobody").unwrap();
    assert_eq!(peer.resolve(&unknown).await.unwrap_err().code, ErrorCode::UnknownProject);
}
