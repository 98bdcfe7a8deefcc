//! A project's files: headers, ranges, conditions, heads.

use crate::support::{CHUNK, NAVIGATION, World, boot, bytes};

const SIZE: usize = 4 * CHUNK as usize + 100;

#[tokio::test]
async fn a_file_is_answered_with_its_headers() {
    let world = World::start().await;
    let all = bytes(SIZE);
    world.publish("site", &[("a/data.bin", "application/x-data", &all)]).await;

    let reply = world.get("/site/a/data.bin", &[("Cookie", "a=b"), ("Accept", "*/*")]).await;
    assert_eq!((reply.status, reply.complete, reply.body.len()), (200, true, SIZE));
    assert!(reply.body == all, "other bytes");
    let etag = reply.header("etag").unwrap();
    assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
    let expected = [
        ("content-type", "application/x-data"),
        ("content-length", "4196"),
        ("accept-ranges", "bytes"),
        ("x-crowd-version", "1"),
        ("x-crowd-node", "node-1"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox allow-scripts allow-forms"),
        ("access-control-allow-origin", "*"),
        ("origin-agent-cluster", "?1"),
        ("cache-control", "no-cache"),
    ];
    for (name, value) in expected {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    assert_eq!(reply.header("set-cookie"), None);
}

#[tokio::test]
async fn at_its_own_origin_a_project_has_no_prefix_and_no_sandbox() {
    let world = World::start().await;
    world.publish("site", &[("index.html", "text/html", b"<p>"), ("site/x", "text/plain", b"x")]).await;
    for host in ["site.localhost:7000", "site.crowd.test", "SITE.localhost"] {
        let reply = world.get("/", &[("Host", host)]).await;
        assert_eq!((reply.status, reply.text()), (200, "<p>"), "{host}");
        assert_eq!(reply.header("content-security-policy"), None);
        assert_eq!(reply.header("vary"), Some("Sec-Fetch-Dest, Accept"));
        assert_eq!(world.get("/site/x", &[("Host", host)]).await.text(), "x");
    }
}

#[tokio::test]
async fn ranges_are_parts_of_the_bytes() {
    let world = World::start().await;
    let all = bytes(SIZE);
    world.publish("site", &[("f", "text/plain", &all), ("empty", "text/plain", b"")]).await;
    let cases: [(&str, u16, std::ops::Range<usize>); 14] = [
        ("bytes=0-0", 206, 0..1),
        ("bytes=0-1023", 206, 0..1024),
        ("bytes=1023-1024", 206, 1023..1025),
        ("bytes=1024-2047", 206, 1024..2048),
        ("bytes=100-4100", 206, 100..4101),
        ("bytes=4096-", 206, 4096..SIZE),
        ("bytes=4195-9999", 206, SIZE - 1..SIZE),
        ("bytes=-1", 206, SIZE - 1..SIZE),
        ("bytes=-200", 206, SIZE - 200..SIZE),
        ("bytes=-99999", 206, 0..SIZE),
        ("bytes=0-", 206, 0..SIZE),
        ("bytes=9-3", 200, 0..SIZE),
        ("bytes=0-1,5-6", 200, 0..SIZE),
        ("chunks=0-1", 200, 0..SIZE),
    ];
    for (range, status, part) in cases {
        let reply = world.get("/site/f", &[("Range", range)]).await;
        assert_eq!((reply.status, reply.complete), (status, true), "{range}");
        assert!(reply.body == all[part.clone()], "{range}");
        let described = format!("bytes {}-{}/{SIZE}", part.start, part.end - 1);
        assert_eq!(reply.header("content-range"), (status == 206).then_some(described.as_str()), "{range}");
        assert_eq!(reply.header("content-length"), Some(part.len().to_string().as_str()), "{range}");
    }
    for (path, range, described) in [
        ("/site/f", "bytes=4196-", "bytes */4196"),
        ("/site/f", "bytes=-0", "bytes */4196"),
        ("/site/empty", "bytes=0-", "bytes */0"),
    ] {
        let reply = world.get(path, &[("Range", range)]).await;
        assert_eq!((reply.status, reply.header("content-range")), (416, Some(described)), "{range}");
    }
}

#[tokio::test]
async fn a_range_fetches_only_its_chunks() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", &bytes(SIZE))]).await;
    world.get("/site/f", &[("Range", "bytes=0-0")]).await;
    world.peer.take_asked();
    world.get("/site/f", &[("Range", "bytes=1100-2100")]).await;
    assert_eq!(world.peer.take_asked().len(), 2);
}

#[tokio::test]
async fn conditions_save_the_bytes() {
    let world = World::start().await;
    let all = bytes(SIZE);
    world.publish("site", &[("f", "text/plain", &all), ("g", "text/plain", b"other")]).await;
    let etag = world.head("/site/f", &[]).await.header("etag").unwrap().to_owned();
    assert_ne!(world.head("/site/g", &[]).await.header("etag"), Some(etag.as_str()));
    world.peer.take_asked();

    let weak = format!("W/{etag}");
    let list = format!("\"x\", {weak} , \"y\"");
    for known in [etag.as_str(), &weak, &list, "*"] {
        for method in ["GET", "HEAD"] {
            let reply =
                world.request(method, "/site/f", &[("If-None-Match", known), ("Range", "bytes=0-1")]).await;
            assert_eq!((reply.status, reply.header("etag")), (304, Some(etag.as_str())), "{known}");
            assert_eq!(reply.header("x-crowd-version"), Some("1"));
        }
    }
    assert_eq!(world.get("/site/f", &[("If-Match", "\"x\"")]).await.status, 412);
    assert_eq!(world.peer.asked(), 0, "no chunk was needed");

    assert_eq!(world.get("/site/f", &[("If-None-Match", "\"x\"")]).await.status, 200);
    assert_eq!(world.get("/site/f", &[("If-Match", &etag)]).await.status, 200);
    let if_range =
        [(etag.as_str(), 206), (&weak, 200), ("\"x\"", 200), ("Wed, 21 Oct 2015 07:28:00 GMT", 200)];
    for (tag, status) in if_range {
        let reply = world.get("/site/f", &[("Range", "bytes=5-9"), ("If-Range", tag)]).await;
        assert_eq!(reply.status, status, "{tag}");
        assert!(reply.body == if status == 206 { &all[5..10] } else { &all[..] }, "{tag}");
    }
}

#[tokio::test]
async fn the_tag_changes_with_the_bytes_and_nothing_else() {
    let (one, other) = (World::start().await, World::start().await);
    one.publish("site", &[("f", "text/plain", b"same"), ("g", "text/plain", b"1")]).await;
    other.publish("site", &[("f", "text/plain", b"same"), ("g", "text/plain", b"2")]).await;
    let tag =
        async |world: &World, path: &str| world.head(path, &[]).await.header("etag").unwrap().to_owned();
    assert_eq!(tag(&one, "/site/f").await, tag(&other, "/site/f").await);
    assert_ne!(tag(&one, "/site/g").await, tag(&other, "/site/g").await);
}

#[tokio::test]
async fn a_head_needs_no_peer_beyond_the_manifest() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", &bytes(SIZE)), ("p.html", "text/html", b"<p>")]).await;
    world.head("/site/f", &[]).await;
    world.peer.unhosts("site");
    let reply = world.head("/site/f", &[("Range", "bytes=0-1")]).await;
    assert_eq!((reply.status, reply.header("content-length")), (200, Some("4196")));
    assert_eq!(reply.header("accept-ranges"), Some("bytes"));
    let page = world.head("/site/p.html", &NAVIGATION).await;
    assert_eq!((page.status, page.header("content-length"), page.header("etag")), (200, None, None));
    assert_eq!(world.get("/site/f", &[]).await.status, 503);
}

#[tokio::test]
async fn an_empty_file_needs_no_peer() {
    let world = World::start().await;
    world.publish("site", &[("empty", "text/plain", b""), ("index.html", "text/html", b"")]).await;
    world.head("/site/empty", &[]).await;
    world.peer.unhosts("site");
    let boot = boot("site", 1);
    for (headers, path, text) in [
        (&[][..], "/empty", ""),
        (&[], "/", ""),
        (&NAVIGATION, "/empty", ""),
        // Its visitor becomes a peer of this page too.
        (&NAVIGATION, "/", boot.as_str()),
    ] {
        let host = [("Host", "site.localhost")];
        let headers: Vec<_> = headers.iter().chain(&host).copied().collect();
        let reply = world.get(path, &headers).await;
        assert_eq!((reply.status, reply.text(), reply.complete), (200, text, true), "{path}");
    }
    assert_eq!(world.get("/site/empty", &[]).await.header("content-length"), Some("0"));
}
