//! What is the node's own: releases, chunks, the app's files, the way to the WebSocket.

use crate::support::{World, hash};
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
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    let etag = reply.header("etag").unwrap();
    assert_eq!(world.get("/.crowd/v1/site/release", &[("If-None-Match", etag)]).await.status, 304);
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
async fn the_nodes_own_pages_are_guarded() {
    let world = World::start().await;
    for (path, media_type) in [
        ("/", "text/html; charset=utf-8"),
        ("/.crowd/landing.css", "text/css; charset=utf-8"),
        ("/.crowd/mark.svg", "image/svg+xml"),
    ] {
        let reply = world.get(path, &crate::support::NAVIGATION).await;
        assert_eq!((reply.status, reply.header("content-type")), (200, Some(media_type)), "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(reply.header(name), Some(value), "{path} {name}");
        }
        let etag = reply.header("etag").unwrap();
        assert_eq!(world.get(path, &[("If-None-Match", etag)]).await.status, 304, "{path}");
        let head = world.head(path, &[]).await;
        assert_eq!(head.header("content-length"), Some(reply.body.len().to_string().as_str()), "{path}");
    }
    for path in ["/.crowd/landing.html", "/.crowd/error.html", "/.crowd/%2e%2e/Cargo.toml", "/.crowd/none.js"]
    {
        assert_eq!(world.get(path, &[]).await.status, 404, "{path}");
    }
    assert!(world.get("/", &[]).await.text().contains("crowd.test"), "the domain is filled in");
}

#[tokio::test]
async fn only_the_app_has_a_service_worker() {
    let world = World::start().await;
    world.publish("site", &[("sw.js", "text/javascript", b"//")]).await;
    let worker = ("Service-Worker", "script");
    for host in ["127.0.0.1", "site.localhost"] {
        let path = if host == "127.0.0.1" { "/site/sw.js" } else { "/sw.js" };
        assert_eq!(world.get(path, &[worker, ("Host", host)]).await.status, 403, "{host}");
        assert_eq!(world.get(path, &[("Host", host)]).await.status, 200, "{host}");
        assert_eq!(world.get("/.crowd/landing.js", &[worker, ("Host", host)]).await.status, 200, "{host}");
    }
    let dest = ("Sec-Fetch-Dest", "serviceworker");
    assert_eq!(world.get("/site/sw.js", &[dest]).await.status, 403);
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
