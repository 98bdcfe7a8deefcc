//! What can't be had, and how that is said.

use std::time::Duration;

use crate::support::{CHUNK, Manners, World, bytes, eventually, hash, navigation};
use crowd_relay::RelayConfig;

#[tokio::test]
async fn what_is_unknown_or_blocked_says_so() {
    let world = World::with(RelayConfig::default(), "banned").await;
    world.publish("banned", &[("f", "text/plain", b"f")]).await;
    let reply = world.get("/nothing/x", &[]).await;
    assert_eq!(reply.status, 404);
    assert!(reply.text().starts_with("unknown_project: "), "{}", reply.text());
    for path in ["/banned/f", "/.crowd/v1/banned/release", &format!("/.crowd/v1/banned/chunk/{}", hash(b"f"))]
    {
        let reply = world.get(path, &[]).await;
        assert_eq!(reply.status, 451, "{path}");
        assert!(reply.text().starts_with("blocked: "), "{}", reply.text());
    }
}

#[tokio::test]
async fn without_a_peer_it_is_503_at_once() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"f"), ("g", "text/plain", b"g")]).await;
    world.peer.treats(hash(b"g"), Manners::Refuses);
    let refused = world.get("/site/g", &[]).await;
    world.peer.unhosts("site");
    let gone = world.get("/site/f", &[]).await;
    let manifest = {
        let world = World::start().await;
        world.publish("site", &[("f", "text/plain", b"f")]).await;
        world.peer.unhosts("site");
        world.get("/site/f", &[]).await
    };
    for reply in [refused, gone, manifest] {
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("5")));
        assert!(reply.text().starts_with("no_peer: "), "{}", reply.text());
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    }
}

#[tokio::test]
async fn a_silent_peer_is_a_timeout() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"f")]).await;
    world.peer.treats(hash(b"f"), Manners::Silent);
    let reply = world.get("/site/f", &[]).await;
    assert_eq!(reply.status, 504);
    assert!(reply.text().starts_with("timeout: "), "{}", reply.text());
}

#[tokio::test]
async fn a_lie_never_gets_through() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"f")]).await;
    world.peer.treats(hash(b"f"), Manners::Answers(b"g".as_slice().into()));
    assert_eq!(world.get("/site/f", &[]).await.status, 503);
}

#[tokio::test]
async fn a_chunk_of_the_wrong_length_is_502() {
    let world = World::start().await;
    let chunk = world.peer.has(b"longer than that");
    let manifest = format!(
        r#"{{"crowd":1,"project":"site","chunk_size":1024,"index":"index.html","files":[{{"path":"f","type":"text/plain","size":3,"chunks":["{chunk}"]}}]}}"#
    );
    world.publish_manifest("site", 1, manifest.as_bytes()).await;
    let reply = world.get("/site/f", &[]).await;
    assert_eq!(reply.status, 502);
    assert!(reply.text().starts_with("bad_manifest: "), "{}", reply.text());
    // By its hash it is what it is.
    assert_eq!(world.get(&format!("/.crowd/v1/site/chunk/{chunk}"), &[]).await.text(), "longer than that");
}

#[tokio::test]
async fn a_busy_cluster_says_when_to_come_back() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"f")]).await;
    world.peer.treats(hash(b"f"), Manners::Busy);
    let reply = world.get("/site/f", &[]).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    assert!(reply.text().starts_with("rate_limited: "), "{}", reply.text());
}

#[tokio::test]
async fn other_methods_are_405() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"f")]).await;
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"] {
        for path in ["/site/f", "/", "/.crowd/v1/site/release", "/.crowd/ws", "/.crowd/app.css"] {
            if method == "OPTIONS" && path.starts_with("/.crowd/v1/") {
                continue;
            }
            let reply = world.request(method, path, &[]).await;
            assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD")), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_browser_gets_a_page_without_what_it_sent() {
    let world = World::start().await;
    let reply =
        world.get("/no-such/%3Cscript%3Ealert(1)%3C/script%3E?%3Cb%3E", &crate::support::NAVIGATION).await;
    assert_eq!((reply.status, reply.header("content-type")), (404, Some("text/html; charset=utf-8")));
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!reply.text().contains("alert(1)") && !reply.text().contains("{{"), "{}", reply.text());
    assert!(reply.text().contains("Nobody has published that project"), "{}", reply.text());
    let reply = world.get("/", &navigation(&[("Host", "no-such.localhost")])).await;
    assert_eq!((reply.status, reply.header("content-type")), (404, Some("text/html; charset=utf-8")));
}

#[tokio::test]
async fn a_failure_after_the_head_closes_short() {
    let world = World::start().await;
    let all = bytes(6 * CHUNK as usize);
    world.publish("site", &[("f", "text/plain", &all), ("p.html", "text/html", &[b' '; 3_000])]).await;
    world.peer.treats(hash(&all[3_072..4_096]), Manners::Refuses);
    let reply = world.get("/site/f", &[]).await;
    assert_eq!((reply.status, reply.header("content-length"), reply.complete), (200, Some("6144"), false));
    assert!(all[..3_072].starts_with(&reply.body), "{} bytes came", reply.body.len());

    world.peer.treats(hash(&[b' '; 952]), Manners::Refuses);
    let reply = world.get("/site/p.html", &crate::support::NAVIGATION).await;
    assert_eq!((reply.status, reply.complete), (200, false));
}

#[tokio::test]
async fn a_node_without_room_tells_so_before_the_head_and_waits_after_it() {
    // Room for two chunks: a quarter of it is for manifests.
    let config =
        RelayConfig { room_bytes: 3_072, room_wait: Duration::from_millis(50), ..RelayConfig::default() };
    let world = World::with(config, "").await;
    let all = bytes(8 * CHUNK as usize);
    world
        .publish("site", &[("f", "text/plain", &all), ("g", "text/plain", b"g"), ("h", "text/plain", b"h")])
        .await;
    // Fewer chunks have room than are read ahead: the rest wait for their turn.
    let reply = world.get("/site/f", &[]).await;
    assert!(reply.complete && reply.body == all, "{} of {}", reply.body.len(), all.len());

    world.peer.treats(hash(b"g"), Manners::Silent);
    world.peer.treats(hash(b"h"), Manners::Silent);
    let (g, h, f) = tokio::join!(world.get("/site/g", &[]), world.get("/site/h", &[]), async {
        eventually("both are asked for", || world.peer.open().0 == 2).await;
        world.get("/site/f", &[]).await
    });
    assert_eq!((g.status, h.status, f.status), (504, 504, 503));
    assert!(f.text().starts_with("rate_limited: "), "{}", f.text());
    assert_eq!(f.header("retry-after"), Some("1"));
}
