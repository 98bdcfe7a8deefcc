//! Leaving in good order, by real processes: what SIGTERM promises, and a restart of every node under load.

#[path = "drain/load.rs"]
mod load;
#[path = "drain/restarts.rs"]
mod restarts;

use std::collections::HashSet;
use std::time::Duration;

use crowd_protocol::{Have, NodeMessage};
use crowd_tests::{Event, ScriptedPeer, ServeProcess, TestSite, eventually, get, noise, within};
use http_body_util::BodyExt;
use tokio::net::TcpStream;
use tokio::time::Instant;

use load::{Load, answered_for_the_last_time, ask, dial};
use restarts::Restarts;

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_every_node_under_load_loses_no_read() {
    let data = tempfile::tempdir().unwrap();
    let mut nodes = Restarts::start(data.path()).await;
    let files = [("a.bin", noise(5, 40 * 8_192)), ("long.bin", noise(6, 4 << 20))];
    let site = TestSite::chunked("busy", 1, 1, 8_192, &files);
    let mut load = Load::new(&nodes, site).await;
    for _ in 0..12 {
        load.read_over_websocket().await;
    }
    for _ in 0..3 {
        load.read_over_http();
        load.read_over_one_connection();
    }
    load.publish().await;
    load.reach(200).await;
    // The keeper of the names in the middle.
    for at in [1, 0, 2] {
        let download = load.start_download(at).await;
        nodes.restart(at).await;
        load.reach(200).await;
        within(Duration::from_secs(60), "the download that was under way", download).await.unwrap();
    }
    load.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_told_to_stop_keeps_its_promises() {
    let data = tempfile::tempdir().unwrap();
    let first = ServeProcess::start(&data.path().join("0"), &[]).await;
    let join = first.cluster.to_string();
    let flags = ["--join", &join, "--drain-delay", "1s", "--goaway-spread", "2s", "--grace", "20s"];
    let mut leaving = ServeProcess::start(&data.path().join("1"), &flags).await;
    first.sees(2).await;
    let site = TestSite::small("promised", 1);
    let mut host = ScriptedPeer::connect(leaving.public, site.clone()).await;
    host.publish(&site).await.unwrap();
    let mut peers = Vec::new();
    for _ in 0..8 {
        peers.push(ScriptedPeer::connect(leaving.public, ()).await);
    }

    let told = Instant::now();
    leaving.signal("TERM");
    eventually("it is no longer ready", async || {
        let ready = get(leaving.admin, "/readyz").await.expect("the admin port stays until the end");
        (ready.status == 503).then_some(())
    })
    .await;
    // In the delay it serves as ever, and asks who keeps connections open to come back elsewhere.
    let page = get(leaving.public, "/promised/index.html").await.unwrap();
    assert_eq!((page.status.as_u16(), &page.body), (200, &site.file("index.html")));
    assert_eq!(page.header("connection"), "close");
    assert!(peers.iter_mut().all(|peer| peer.events.try_recv().is_err()), "goaway came before the delay");

    let mut waits = HashSet::new();
    for peer in &mut peers {
        let NodeMessage::Goaway { reason, nodes, reconnect_in_ms } = peer.message().await else {
            panic!("another message than goaway")
        };
        assert_eq!((reason.as_str(), nodes), ("draining", vec![format!("ws://{}/.crowd/ws", first.public)]));
        assert!(reconnect_in_ms <= 2_000);
        waits.insert(reconnect_in_ms);
    }
    assert!(waits.len() > 2, "the peers are spread: {waits:?}");
    assert!(told.elapsed() >= Duration::from_secs(1), "goaway waits for the delay");

    // What is hosted here is found until it goes: by this node's own readers, and by those of the other.
    assert_eq!(peers[0].by_path(site.project(), "style.css", 0).await.unwrap().1, site.file("style.css"));
    let mut reader = ScriptedPeer::connect(first.public, ()).await;
    let (_, body) = reader.by_path(site.project(), "index.html", 0).await.unwrap();
    assert_eq!(body, site.file("index.html"));
    // And found there as soon as the host has moved.
    let mut moved = ScriptedPeer::connect(first.public, site.clone()).await;
    moved.host(&site, Have::All).await.unwrap();
    drop((host, peers));

    let ended = within(Duration::from_secs(15), "it ends without its peers", leaving.child.wait()).await;
    assert_eq!(ended.unwrap().code(), Some(0));
    first.sees(1).await;
    let (_, body) = reader.by_path(site.project(), "style.css", 0).await.unwrap();
    assert_eq!(body, site.file("style.css"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_told_nothing_has_one_more_answer_after_the_port_is_closed() {
    let data = tempfile::tempdir().unwrap();
    let mut node = ServeProcess::start(data.path(), &["--goaway-spread", "100ms"]).await;
    let mut kept = dial(node.public).await;
    let reply = ask(&mut kept, "/").await;
    assert_eq!(reply.headers().get("connection"), None);
    reply.into_body().collect().await.unwrap();
    node.signal("TERM");
    eventually("the port is closed", async || TcpStream::connect(node.public).await.err()).await;
    answered_for_the_last_time(&mut kept, "/").await;
    let ended = within(Duration::from_secs(15), "it ends", node.child.wait()).await;
    assert_eq!(ended.unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn peers_that_do_not_go_are_not_waited_for_beyond_the_grace() {
    let data = tempfile::tempdir().unwrap();
    let mut node = ServeProcess::start(data.path(), &["--grace", "1s", "--goaway-spread", "100ms"]).await;
    let mut peer = ScriptedPeer::connect(node.public, ()).await;
    node.signal("TERM");
    let ended = within(Duration::from_secs(10), "it ends without the peer's leave", node.child.wait()).await;
    assert_eq!(ended.unwrap().code(), Some(0));
    let mut closed = false;
    while let Some(event) = peer.events.recv().await {
        closed |= matches!(event, Event::Closed(Some(frame)) if u16::from(frame.code) == 1001);
    }
    assert!(closed, "the peer was told why");
}

#[tokio::test(flavor = "multi_thread")]
async fn told_twice_it_stops_at_once() {
    let data = tempfile::tempdir().unwrap();
    let mut node = ServeProcess::start(data.path(), &["--drain-delay", "1h"]).await;
    node.signal("TERM");
    eventually("it is leaving", async || {
        (get(node.admin, "/readyz").await.ok()?.status == 503).then_some(())
    })
    .await;
    node.signal("TERM");
    let ended = within(Duration::from_secs(10), "it ends at once", node.child.wait()).await;
    assert_eq!(ended.unwrap().code(), Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keeper_of_the_names_started_again_finds_what_the_others_host_from_its_first_answer_on() {
    let data = tempfile::tempdir().unwrap();
    let mut nodes = Restarts::start(data.path()).await;
    let site = TestSite::small("elsewhere", 1);
    let mut host = ScriptedPeer::connect(nodes.at(1).public, site.clone()).await;
    host.publish(&site).await.unwrap();
    for round in 0..3 {
        match round % 2 {
            0 => nodes.kill_and_start(0).await,
            _ => nodes.restart(0).await,
        }
        let mut reader = ScriptedPeer::connect(nodes.at(0).public, ()).await;
        let (_, body) = reader.by_path(site.project(), "index.html", 0).await.unwrap();
        assert_eq!(body, site.file("index.html"), "round {round}");
    }
}
