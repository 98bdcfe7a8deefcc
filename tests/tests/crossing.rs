//! The main job: what is published on one node is read, verified, through any other.

use bytes::Bytes;
use crowd_protocol::{ErrorCode, NodeMessage, PeerMessage, Want};
use crowd_tests::{Cluster, Event, TestSite, get, noise};

#[tokio::test(flavor = "multi_thread")]
async fn a_site_published_on_one_node_is_read_through_every_other() {
    let cluster = Cluster::start(3).await;
    let site = TestSite::small("hello", 1);
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    for node in 0..3 {
        let mut reader = cluster.peer(node, ()).await;
        assert_eq!(reader.resolve(site.project()).await.unwrap(), (1, 1), "through node {node}");
        let (info, body) = reader.by_path(site.project(), "index.html", 0).await.unwrap();
        assert_eq!(body, site.file("index.html"));
        assert_eq!((info.status, info.version, info.chunk, info.chunks), (200, 1, 0, 1));
        assert_eq!(info.media_type, "text/html; charset=utf-8");

        let mut picture = Vec::new();
        for chunk in 0..3 {
            let (info, body) = reader.by_path(site.project(), "images/sea.bin", chunk).await.unwrap();
            assert_eq!((info.size, info.chunks), (site.file("images/sea.bin").len() as u64, 3));
            picture.extend_from_slice(&body);
        }
        assert_eq!(picture, site.file("images/sea.bin"));

        let manifest = reader.by_hash(site.project(), site.release.manifest).await.unwrap();
        assert_eq!(manifest, site.chunk(&site.release.manifest).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_come_to_files_as_the_manifest_says() {
    let cluster = Cluster::start(2).await;
    let site = TestSite::small("paths", 1);
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let mut reader = cluster.peer(1, ()).await;
    for (path, file, status) in [
        ("", "index.html", 200),
        ("docs/", "docs/index.html", 200),
        ("docs", "docs/index.html", 200),
        ("no/such/file", "404.html", 404),
        ("images/", "404.html", 404),
    ] {
        let (info, body) = reader.by_path(site.project(), path, 0).await.unwrap();
        assert_eq!((body, info.status), (site.file(file), status), "{path:?}");
    }
    let (info, body) = reader.by_path(site.project(), "empty.txt", 0).await.unwrap();
    assert_eq!((info.size, info.chunk, info.chunks, body), (0, 0, 0, Bytes::new()));
    let past = reader.by_path(site.project(), "index.html", 1).await.unwrap_err();
    assert_eq!(past.code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_chunks_cross_whole_and_small_ones_beside_them() {
    let cluster = Cluster::with(2, |config| config.relay.cache_bytes = 0).await;
    let large = noise(7, 4 * 262_144 + 5);
    let files = [("large.bin", large.clone()), ("small.txt", Bytes::from_static(b"small"))];
    let site = TestSite::chunked("large", 1, 1, 262_144, &files);
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let mut reader = cluster.peer(1, ()).await;
    let mut answers = Vec::new();
    for chunk in 0..5 {
        let (project, hash) = (site.project().clone(), site.hash("large.bin", chunk));
        let request = |id| PeerMessage::Request {
            id,
            project,
            want: Want::Hash(hash),
            version: None,
            traceparent: None,
        };
        answers.push(reader.start(request).await);
    }
    assert_eq!(reader.by_path(site.project(), "small.txt", 0).await.unwrap().1, "small");
    let mut whole = Vec::new();
    for answer in answers {
        match answer.await.unwrap() {
            NodeMessage::Response(answer) => whole.extend_from_slice(&answer.body),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(whole, large);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_requests_in_flight_share_one_sessioncast_and_the_cache_answers_later_ones() {
    let cluster = Cluster::start(1).await;
    let site = TestSite::small("shared", 1);
    let honest = site.clone();
    let script = move |asked: &crowd_tests::Asked| {
        let bytes = honest.chunk(&asked.hash).unwrap();
        crowd_tests::Reaction::Later(std::time::Duration::from_millis(300), bytes)
    };
    let mut publisher = cluster.peer(0, script).await;
    publisher.publish(&site).await.unwrap();
    let mut reader = cluster.peer(0, ()).await;
    let hash = site.hash("style.css", 0);
    let mut answers = Vec::new();
    for _ in 0..20 {
        let project = site.project().clone();
        let request = |id| PeerMessage::Request {
            id,
            project,
            want: Want::Hash(hash),
            version: None,
            traceparent: None,
        };
        answers.push(reader.start(request).await);
    }
    for answer in answers {
        assert!(matches!(answer.await.unwrap(), NodeMessage::Response(_)));
    }
    assert_eq!(reader.by_hash(site.project(), hash).await.unwrap(), site.file("style.css"));
    let mut asked = 0;
    while let Ok(event) = publisher.events.try_recv() {
        asked += usize::from(matches!(event, Event::Asked(asked) if asked.hash == hash));
    }
    assert_eq!(asked, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_has_part_of_a_site_answers_for_that_part() {
    let cluster = Cluster::with(2, |config| config.relay.cache_bytes = 0).await;
    let site = TestSite::small("part", 1);
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let mut visitor = cluster.peer(1, site.clone()).await;
    let chunks = site.manifest.chunks().len();
    let number = |path: &str| site.manifest.file(path).unwrap().chunks.start;
    let mut bits = crowd_protocol::BitField::new(chunks);
    bits.set(number("index.html"));
    visitor.host(&site, crowd_protocol::Have::Bits(bits)).await.unwrap();
    publisher.close().await;

    let mut reader = cluster.peer(0, ()).await;
    crowd_tests::eventually("the publisher is gone", async || {
        (reader.resolve(site.project()).await.unwrap().1 == 1).then_some(())
    })
    .await;
    let (_, body) = reader.by_path(site.project(), "index.html", 0).await.unwrap();
    assert_eq!(body, site.file("index.html"));
    let missing = reader.by_path(site.project(), "style.css", 0).await.unwrap_err();
    assert_eq!(missing.code, ErrorCode::NoPeer);

    let more = vec![number("style.css")];
    let have = PeerMessage::Have { project: site.project().clone(), version: 1, chunks: more };
    visitor.tell(&have).await;
    let body = crowd_tests::within(std::time::Duration::from_secs(1), "more chunks are seen", async {
        loop {
            if let Ok((_, body)) = reader.by_path(site.project(), "style.css", 0).await {
                return body;
            }
        }
    });
    assert_eq!(body.await, site.file("style.css"));
}

#[tokio::test(flavor = "multi_thread")]
async fn http_gives_the_same_bytes_through_every_node() {
    let cluster = Cluster::start(3).await;
    let site = TestSite::small("web", 1);
    let mut publisher = cluster.peer(1, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let mut etags = Vec::new();
    for node in 0..3 {
        let reply = get(cluster.node(node).addresses.public, "/web/images/sea.bin").await.unwrap();
        assert_eq!((reply.status.as_u16(), &reply.body), (200, &site.file("images/sea.bin")));
        etags.push(reply.header("etag").to_owned());
    }
    assert!(!etags[0].is_empty() && etags.iter().all(|etag| *etag == etags[0]), "{etags:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_a_request_reaches_the_responding_peer_across_the_cluster() {
    let cluster = Cluster::start(2).await;
    let site = TestSite::small("traced", 1);
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let mut reader = cluster.peer(1, ()).await;
    let (project, hash) = (site.project().clone(), site.hash("style.css", 0));
    let request = |id| PeerMessage::Request {
        id,
        project,
        want: Want::Hash(hash),
        version: None,
        traceparent: Some(format!("00-{trace}-00f067aa0ba902b7-01")),
    };
    reader.ask(request).await.unwrap();
    let asked = loop {
        match publisher.event().await {
            Event::Asked(asked) if asked.hash == hash => break asked,
            _ => {}
        }
    };
    let traceparent = asked.traceparent.expect("the node passes the trace on");
    assert_eq!(traceparent.split('-').nth(1), Some(trace), "{traceparent}");
    assert_ne!(traceparent.split('-').nth(2), Some("00f067aa0ba902b7"), "each hop is a span of its own");
}
