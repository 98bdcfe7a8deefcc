//! What programs ask for: releases, chunks, who holds a project, the way to the WebSocket.

use crate::support::{Manners, World, hash};
use crowd_gateway::RequestOrigin;
use crowd_protocol::{ProjectName, Release};

#[tokio::test]
async fn the_newest_release_is_signed_and_revalidated() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"1")]).await;
    let reply = world.get("/.crowd/v1/site/release", &[]).await;
    let release = Release::parse(&reply.body).unwrap();
    release.verify().unwrap();
    assert_eq!((reply.status, release.version), (200, 1));
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "no-cache"),
        ("access-control-allow-origin", "*"),
        ("x-content-type-options", "nosniff"),
        ("x-crowd-node", "node-1"),
        ("x-crowd-peers", "1"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    let exposed = reply.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("x-crowd-peers") && exposed.contains("x-crowd-trace"), "{exposed}");
    let etag = reply.header("etag").unwrap();
    world.nodes.host("node-2", 3, 1);
    let known = world.get("/.crowd/v1/site/release", &[("If-None-Match", etag)]).await;
    assert_eq!((known.status, known.header("x-crowd-peers")), (304, Some("5")));
    let head = world.head("/.crowd/v1/site/release", &[]).await;
    assert_eq!(head.header("content-length"), Some(reply.body.len().to_string().as_str()));

    world.publish_as("site", 2, &[("f", "text/plain", b"2")], |builder| builder).await;
    let reply = world.get("/.crowd/v1/site/release", &[("If-None-Match", etag)]).await;
    assert_eq!(reply.status, 200);
    assert_eq!(Release::parse(&reply.body).unwrap().version, 2);

    assert_eq!(world.get("/.crowd/v1/nothing/release", &[]).await.status, 404);
    assert_eq!(world.get("/.crowd/v1/Bad/release", &[]).await.status, 400);
}

#[tokio::test]
async fn a_chunk_never_changes() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/html", b"<p>")]).await;
    let path = format!("/.crowd/v1/site/chunk/{}", hash(b"<p>"));
    for host in ["127.0.0.1", "site.localhost", "other.localhost"] {
        let reply = world.get(&path, &[("Host", host)]).await;
        assert_eq!((reply.status, reply.text()), (200, "<p>"));
        for (name, value) in [
            ("content-type", "application/octet-stream"),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("x-content-type-options", "nosniff"),
            ("access-control-allow-origin", "*"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name}");
        }
    }
    let tag = format!("\"{}\"", hash(b"<p>"));
    assert_eq!(world.get(&path, &[("If-None-Match", &tag)]).await.status, 304);
    assert_eq!(world.head(&path, &[]).await.header("content-length"), Some("3"));

    let release = Release::parse(&world.get("/.crowd/v1/site/release", &[]).await.body).unwrap();
    let manifest = world.get(&format!("/.crowd/v1/site/chunk/{}", release.manifest), &[]).await;
    assert_eq!((manifest.status, hash(&manifest.body)), (200, release.manifest));

    let unlisted = format!("/.crowd/v1/site/chunk/{}", hash(b"?"));
    assert_eq!(world.get(&unlisted, &[]).await.status, 404);
    for bad in ["xyz", &hash(b"<p>").to_string().to_uppercase(), ""] {
        assert_eq!(world.get(&format!("/.crowd/v1/site/chunk/{bad}"), &[]).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_socket_knows_whose_page_opened_it() {
    let world = World::start().await;
    let own = format!("http://{}", world.address);
    let project = |name| RequestOrigin::Project(ProjectName::parse(name).unwrap());
    let cases = [
        (None, "/.crowd/ws", RequestOrigin::Program),
        (Some(own.as_str()), "/.crowd/ws", RequestOrigin::Node),
        (Some("http://site.localhost:7000"), "/.crowd/ws", project("site")),
        (Some("https://site.crowd.test"), "/%2ecrowd/ws", project("site")),
        (Some("https://evil.test"), "/.crowd/ws?x", RequestOrigin::Foreign),
        (Some("null"), "/.crowd/ws", RequestOrigin::Opaque),
    ];
    for (origin, path, expected) in cases {
        let headers: Vec<_> = origin.map(|origin| ("Origin", origin)).into_iter().collect();
        assert_eq!(world.get(path, &headers).await.status, 426);
        assert_eq!(world.sockets.origins.lock().unwrap().pop(), Some(expected), "{origin:?}");
    }
    assert_eq!(world.head("/.crowd/ws", &[]).await.status, 405);
}

#[tokio::test]
async fn it_is_known_who_holds_how_much() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"1")]).await;
    world.nodes.host("node-2", 2, 1);
    let reply = world.get("/.crowd/v1/site/hosts", &[]).await;
    assert_eq!(
        reply.text(),
        r#"{"project":"site","version":1,"nodes":[{"node":"node-1","all":1,"part":0},{"node":"node-2","all":2,"part":1}]}"#
    );
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "no-cache"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    world.peer.unhosts("site");
    let reply = world.get("/.crowd/v1/site/hosts", &[]).await;
    assert!(reply.text().ends_with(r#""nodes":[{"node":"node-2","all":2,"part":1}]}"#), "{}", reply.text());

    for node in 0..300 {
        world.nodes.host(&format!("n-{node}"), 1, 0);
    }
    let reply = world.get("/.crowd/v1/site/hosts", &[]).await;
    assert_eq!(reply.text().matches("\"node\":").count(), 256);
    assert_eq!(world.get("/.crowd/v1/nothing/hosts", &[]).await.status, 404);
    assert_eq!(world.get("/.crowd/v1/Bad/hosts", &[]).await.status, 400);
}

#[tokio::test]
async fn scripts_elsewhere_may_send_their_trace() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"1")]).await;
    for path in ["/.crowd/v1/site/release", "/.crowd/v1/site/hosts", "/.crowd/v1/site/chunk/x"] {
        let reply = world.request("OPTIONS", path, &[("Origin", "https://site.example.org")]).await;
        assert_eq!((reply.status, reply.body.len()), (204, 0), "{path}");
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, HEAD"),
            ("access-control-allow-headers", "traceparent"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{name}");
        }
    }
    for path in ["/site/f", "/.crowd/app.css", "/.crowd/v1", "/.crowd/config.json", "*"] {
        assert_eq!(world.request("OPTIONS", path, &[]).await.status, 405, "{path}");
    }
    // With a preflight or without one: the answer itself can be read.
    let reply = world.get("/.crowd/v1/site/release", &[("traceparent", TRACE)]).await;
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (200, Some("*")));
}

#[tokio::test]
async fn it_is_said_how_long_the_first_chunk_took() {
    let world = World::start().await;
    let files: [(&str, &str, &[u8]); 3] =
        [("f", "text/plain", b"1"), ("index.html", "text/html", b"<p>"), ("s.css", "text/css", b"a{}")];
    world.publish("site", &files).await;
    let chunk = format!("/.crowd/v1/site/chunk/{}", hash(b"1"));
    let style = [("Sec-Fetch-Dest", "style")];
    let took = |reply: &crate::support::Reply| {
        let took = reply.header("server-timing")?.strip_prefix("relay;dur=")?;
        took.parse::<f64>().ok()
    };
    for (path, headers) in [
        ("/site/f", &[][..]),
        ("/site/", &crate::support::NAVIGATION),
        ("/site/s.css", &style),
        (&chunk, &[]),
    ] {
        let reply = world.get(path, headers).await;
        assert!(took(&reply).is_some_and(|ms| (0.0..5_000.0).contains(&ms)), "{path}: {reply:?}");
        assert_eq!(reply.header("timing-allow-origin"), Some("*"), "{path}");
    }
    assert_eq!(took(&world.head("/site/f", &[]).await), None, "nothing was fetched");
}

#[tokio::test]
async fn a_refusal_names_its_trace() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"1")]).await;
    world.peer.treats(hash(b"1"), Manners::Refuses);
    let chunk = format!("/.crowd/v1/site/chunk/{}", hash(b"1"));
    let none = "/.crowd/v1/none/release";
    for (method, path, status) in
        [("GET", "/site/f", 503), ("GET", chunk.as_str(), 503), ("GET", none, 404), ("POST", "/site/f", 405)]
    {
        let reply = world.request(method, path, &[("traceparent", TRACE)]).await;
        assert_eq!((reply.status, reply.header("x-crowd-trace")), (status, Some(TRACE_ID)), "{path}");
        let exposed = reply.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("x-crowd-trace"), "{exposed}");
    }
    let page = world.get("/site/f", &crate::support::navigation(&[("traceparent", TRACE)])).await;
    assert_eq!((page.status, page.header("x-crowd-trace")), (503, Some(TRACE_ID)));
    assert!(page.text().contains(TRACE_ID), "{}", page.text());
}

const TRACE_ID: &str = "0af7651916cd43dd8448eb211c80319c";
const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
