//! Every error code of PROTOCOL.md, provoked.

use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{
    ChunkHash, ErrorCode, Have, NodeMessage, PeerMessage, ProjectName, Release, RequestPath, SigningKey, Want,
};
use crowd_relay::DenyList;
use crowd_tests::{Cluster, Event, Reaction, ScriptedPeer, TestSite, but, within};
use tokio_tungstenite::tungstenite::Message;

async fn published(cluster: &Cluster, name: &str) -> (ScriptedPeer, TestSite) {
    let site = TestSite::small(name, 1);
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    (publisher, site)
}

#[tokio::test(flavor = "multi_thread")]
async fn three_malformed_messages_in_a_row_close_the_connection_with_1008() {
    let cluster = Cluster::start(1).await;
    let mut peer = cluster.peer(0, ()).await;
    // A good message between them resets the count, and these do not count at all.
    for text in
        ["nonsense", "[1]", r#"{"t":"ping","id":1}"#, r#"{"t":"dance","id":5}"#, r#"{"t":"resolve","id":6}"#]
    {
        peer.raw(Message::text(text)).await;
    }
    let mut said = Vec::new();
    for _ in 0..5 {
        said.push(match peer.message().await {
            NodeMessage::Error(error) => (Some(error.code), error.id),
            NodeMessage::Ok { id } => (None, Some(id)),
            other => panic!("{other:?}"),
        });
    }
    let bad = Some(ErrorCode::BadMessage);
    assert_eq!(said, [(bad, None), (bad, None), (None, Some(1)), (bad, Some(5)), (bad, Some(6))]);
    for text in [r#"{"id":7}"#, r#"{"t":"ping","id":-1}"#] {
        peer.raw(Message::text(text)).await;
    }
    peer.raw(Message::binary(vec![0xff, 0xff, b'{'])).await;
    assert_eq!(peer.error().await.id, Some(7));
    assert_eq!(peer.error().await.code, ErrorCode::BadMessage);
    assert_eq!(peer.error().await.code, ErrorCode::BadMessage);
    match peer.event().await {
        Event::Closed(Some(frame)) => assert_eq!(u16::from(frame.code), 1008),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_name_and_bad_path() {
    let cluster = Cluster::start(1).await;
    let mut peer = cluster.peer(0, ()).await;
    peer.raw(Message::text(r#"{"t":"resolve","id":1,"project":"No_Name"}"#)).await;
    let error = peer.error().await;
    assert_eq!((error.code, error.id), (ErrorCode::BadName, Some(1)));
    peer.raw(Message::text(r#"{"t":"request","id":2,"project":"p","path":"../../etc/passwd"}"#)).await;
    let error = peer.error().await;
    assert_eq!((error.code, error.id), (ErrorCode::BadPath, Some(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_manifest_when_the_publishers_manifest_breaks_a_rule() {
    let cluster = Cluster::start(1).await;
    let broken =
        Bytes::from_static(br#"{"crowd":1,"project":"other","chunk_size":65536,"index":"i","files":[]}"#);
    let site = TestSite::of_manifest("broken", 1, 1, broken);
    let mut peer = cluster.peer(0, site.clone()).await;
    assert_eq!(peer.publish(&site).await.unwrap_err().code, ErrorCode::BadManifest);
    let error = peer.resolve(site.project()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::UnknownProject, "nothing was committed");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_manifest_when_a_chunk_is_not_as_long_as_it_says() {
    let cluster = Cluster::start(2).await;
    let chunk = Bytes::from_static(b"ten bytes!");
    let hash = ChunkHash::of(&chunk);
    let manifest = format!(
        r#"{{"crowd":1,"project":"liar","chunk_size":1024,"index":"i","files":[{{"path":"a","type":"","size":11,"chunks":["{hash}"]}}]}}"#
    );
    let site = TestSite::of_manifest("liar", 1, 1, manifest.into());
    let honest = site.clone();
    let script = move |asked: &crowd_tests::Asked| {
        Reaction::Answer(honest.chunk(&asked.hash).unwrap_or_else(|| chunk.clone()))
    };
    let mut publisher = cluster.peer(0, script).await;
    publisher.publish(&site).await.unwrap();
    let mut reader = cluster.peer(1, ()).await;
    let error = reader.by_path(site.project(), "a", 0).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::BadManifest);
    let reply = crowd_tests::get(cluster.node(1).addresses.public, "/liar/a").await.unwrap();
    assert_eq!(reply.status, 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_signature() {
    let cluster = Cluster::start(1).await;
    let mut site = TestSite::small("forged", 1);
    site.release.signature[5] ^= 1;
    let mut peer = cluster.peer(0, site.clone()).await;
    assert_eq!(peer.publish(&site).await.unwrap_err().code, ErrorCode::BadSignature);
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_project_and_not_found() {
    let cluster = Cluster::start(2).await;
    let files = [("only.txt", Bytes::from_static(b"here"))];
    let site = TestSite::of("found", 1, 1, &files);
    let mut publisher = cluster.peer(0, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let mut reader = cluster.peer(1, ()).await;
    let nobody = ProjectName::parse("nobody").unwrap();
    let unknown = reader.by_path(&nobody, "index.html", 0).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::UnknownProject);
    let missing = reader.by_path(site.project(), "missing", 0).await.unwrap_err();
    assert_eq!(missing.code, ErrorCode::NotFound);
    let foreign = reader.by_hash(site.project(), ChunkHash::of(b"elsewhere")).await.unwrap_err();
    assert_eq!(foreign.code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn name_taken_and_stale_version() {
    let cluster = Cluster::start(2).await;
    let (_publisher, site) = published(&cluster, "owned").await;
    let thief = TestSite::of("owned", 2, 9, &[("index.html", Bytes::from_static(b"mine now"))]);
    let mut peer = cluster.peer(1, thief.clone()).await;
    assert_eq!(peer.publish(&thief).await.unwrap_err().code, ErrorCode::NameTaken);
    let other = TestSite::of("owned", 1, 1, &[("index.html", Bytes::from_static(b"same version"))]);
    let mut peer = cluster.peer(1, other.clone()).await;
    assert_eq!(peer.publish(&other).await.unwrap_err().code, ErrorCode::StaleVersion);

    let want = |path: &str| Want::Path { path: RequestPath::parse(path).unwrap(), chunk: 0 };
    let stale = peer.request(site.project(), want("index.html"), Some(3)).await.unwrap_err();
    assert_eq!(stale.code, ErrorCode::StaleVersion);
    peer.request(site.project(), want("index.html"), Some(1)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn not_allowed_for_a_page_of_one_project_beyond_that_project() {
    let cluster = Cluster::start(1).await;
    let (_publisher, site) = published(&cluster, "page").await;
    let (_other, other) = published(&cluster, "other").await;
    let address = cluster.node(0).addresses.public;
    let origin = format!("http://page.localhost:{}", address.port());
    let mut page = ScriptedPeer::try_connect(address, Some(&origin), site.clone()).await.unwrap();
    page.host(&site, Have::All).await.unwrap();
    assert_eq!(page.host(&other, Have::All).await.unwrap_err().code, ErrorCode::NotAllowed);
    assert_eq!(page.publish(&site).await.unwrap_err().code, ErrorCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_peer_is_known_within_a_second() {
    let cluster = Cluster::start(3).await;
    let (publisher, site) = published(&cluster, "gone").await;
    publisher.close().await;
    for node in 0..3 {
        let mut reader = cluster.peer(node, ()).await;
        let style = site.hash("style.css", 0);
        let asked = reader.by_hash(site.project(), style);
        let error = within(Duration::from_secs(1), "no_peer", asked).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::NoPeer, "through node {node}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn timeout_when_everyone_asked_is_mute() {
    let cluster = Cluster::with(2, |config| config.relay.no_progress = Duration::from_secs(1)).await;
    let site = TestSite::small("mute", 1);
    let mut publisher = cluster.peer(0, but(&site, |_| Reaction::Mute)).await;
    publisher.publish(&site).await.unwrap();
    for node in 0..2 {
        let mut reader = cluster.peer(node, ()).await;
        let asked = reader.by_path(site.project(), "index.html", 0);
        let error = within(Duration::from_secs(4), "timeout", asked).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::Timeout, "through node {node}");
    }
    let reply = crowd_tests::get(cluster.node(1).addresses.public, "/mute/style.css").await.unwrap();
    assert_eq!(reply.status, 504);
}

#[tokio::test(flavor = "multi_thread")]
async fn timeout_is_not_put_off_by_a_peer_that_chats_but_does_not_answer() {
    let cluster = Cluster::with(1, |config| config.relay.no_progress = Duration::from_secs(1)).await;
    let site = TestSite::small("chats", 1);
    let mut publisher = cluster.peer(0, but(&site, |_| Reaction::Mute)).await;
    publisher.publish(&site).await.unwrap();
    let chat = tokio::spawn(async move {
        for id in 0.. {
            publisher.tell(&PeerMessage::Ping { id }).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let mut reader = cluster.peer(0, ()).await;
    let asked = reader.by_path(site.project(), "index.html", 0);
    let error = within(Duration::from_secs(3), "timeout", asked).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Timeout);
    chat.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_lost_all_the_requests_it_may_have_open_is_asked_again() {
    let cluster = Cluster::with(1, |config| config.relay.no_progress = Duration::from_secs(1)).await;
    let files = [("many.bin", crowd_tests::noise(3, 40 * 1_024))];
    let site = TestSite::chunked("lost", 1, 1, 1_024, &files);
    let mut to_lose = 32;
    let forgetful = but(&site, move |bytes| {
        if to_lose > 0 {
            to_lose -= 1;
            return Reaction::Mute;
        }
        Reaction::Answer(bytes)
    });
    let mut publisher = cluster.peer(0, forgetful).await;
    publisher.publish(&site).await.unwrap();
    let mut reader = cluster.peer(0, ()).await;
    let mut answers = Vec::new();
    for at in 0..40 {
        let (project, want) = (site.project().clone(), Want::Hash(site.hash("many.bin", at)));
        let request = |id| PeerMessage::Request { id, project, want, version: None, traceparent: None };
        answers.push(reader.start(request).await);
    }
    for answer in answers {
        assert!(matches!(answer.await.unwrap(), NodeMessage::Error(_)));
    }
    let first = site.hash("many.bin", 0);
    let answered = async { while reader.by_hash(site.project(), first).await.is_err() {} };
    within(Duration::from_secs(15), "it is asked again and answers", answered).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_for_a_manifest_and_at_once() {
    let cluster = Cluster::start(1).await;
    let site = TestSite::small("heavy", 1);
    let heavy = |_: &crowd_tests::Asked| Reaction::Answer(vec![b' '; (1 << 20) + 1].into());
    let mut publisher = cluster.peer(0, heavy).await;
    let published = publisher.publish(&site);
    let error = within(Duration::from_secs(2), "the refusal", published).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::TooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn not_allowed_for_a_page_without_an_origin_to_host_or_publish() {
    let cluster = Cluster::start(1).await;
    let (_publisher, site) = published(&cluster, "sandboxed").await;
    let address = cluster.node(0).addresses.public;
    let mut page = ScriptedPeer::try_connect(address, Some("null"), site.clone()).await.unwrap();
    assert_eq!(page.host(&site, Have::All).await.unwrap_err().code, ErrorCode::NotAllowed);
    assert_eq!(page.publish(&site).await.unwrap_err().code, ErrorCode::NotAllowed);
    let (_, body) = page.by_path(site.project(), "index.html", 0).await.unwrap();
    assert_eq!(body, site.file("index.html"));
}

#[tokio::test(flavor = "multi_thread")]
async fn too_large_for_frames_and_bit_fields() {
    let cluster = Cluster::start(1).await;
    let (mut peer, _site) = published(&cluster, "large").await;
    let padding = "x".repeat(70_000);
    peer.raw(Message::text(format!(r#"{{"t":"ping","id":1,"padding":"{padding}"}}"#))).await;
    let error = peer.error().await;
    assert_eq!((error.code, error.id), (ErrorCode::TooLarge, Some(1)));
    let bits = "A".repeat(4_000);
    peer.raw(Message::text(format!(
        r#"{{"t":"host","id":2,"project":"large","version":1,"have":"{bits}"}}"#
    )))
    .await;
    let error = peer.error().await;
    assert_eq!((error.code, error.id), (ErrorCode::TooLarge, Some(2)));
    // Beyond what any message may have, the node does not even read it.
    peer.raw(Message::binary(vec![0; 1_200_000])).await;
    assert_eq!(peer.error().await.code, ErrorCode::TooLarge);
    match peer.event().await {
        Event::Closed(Some(frame)) => assert_eq!(u16::from(frame.code), 1009),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_message_for_a_bit_field_of_the_wrong_length() {
    let cluster = Cluster::start(1).await;
    let (mut peer, site) = published(&cluster, "bits").await;
    let bits = crowd_protocol::BitField::new(site.manifest.chunks().len() + 8);
    assert_eq!(peer.host(&site, Have::Bits(bits)).await.unwrap_err().code, ErrorCode::BadMessage);
}

#[tokio::test(flavor = "multi_thread")]
async fn rate_limited_beyond_256_messages_that_await_their_answers() {
    let cluster = Cluster::start(1).await;
    let site = TestSite::small("many", 1);
    let mut publisher = cluster.peer(0, but(&site, |_| Reaction::Mute)).await;
    publisher.publish(&site).await.unwrap();
    let mut reader = cluster.peer(0, ()).await;
    let mut answers = Vec::new();
    for _ in 0..256 {
        let (project, hash) = (site.project().clone(), site.hash("style.css", 0));
        let request = |id| PeerMessage::Request {
            id,
            project,
            want: Want::Hash(hash),
            version: None,
            traceparent: None,
        };
        answers.push(reader.start(request).await);
    }
    let error = reader.ask(|id| PeerMessage::Ping { id }).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::RateLimited);
    assert!(error.retry_after_ms.is_some_and(|wait| wait > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn blocked_for_what_the_operator_does_not_carry() {
    let cluster = Cluster::with(2, |config| config.deny = DenyList::parse(["banned"]).unwrap()).await;
    let site = TestSite::small("banned", 1);
    let mut peer = cluster.peer(1, site.clone()).await;
    assert_eq!(peer.publish(&site).await.unwrap_err().code, ErrorCode::Blocked);
    assert_eq!(peer.resolve(site.project()).await.unwrap_err().code, ErrorCode::Blocked);
    let reply = crowd_tests::get(cluster.node(0).addresses.public, "/banned/").await.unwrap();
    assert_eq!(reply.status, 451);
    // The name's signature is looked at first, and the name's owner only after it.
    let key = SigningKey::from_bytes(&[9; 32]);
    let release = &site.release;
    let foreign = Release::sign(&key, release.project.clone(), 1, release.manifest, "2026-01-01T00:00:00Z");
    let mut forged = foreign.unwrap();
    forged.signature[0] ^= 1;
    let publish = |id| PeerMessage::Publish { id, release: forged, token: None, have: None };
    assert_eq!(peer.ask(publish).await.unwrap_err().code, ErrorCode::BadSignature);
}

#[tokio::test(flavor = "multi_thread")]
async fn internal_when_the_node_that_keeps_the_names_is_gone_and_reading_goes_on() {
    let mut cluster = Cluster::start(3).await;
    let site = TestSite::small("kept", 1);
    let mut publisher = cluster.peer(1, site.clone()).await;
    publisher.publish(&site).await.unwrap();
    let mut reader = cluster.peer(2, ()).await;
    reader.by_path(site.project(), "index.html", 0).await.unwrap();
    cluster.kill(0);
    let newer = TestSite::of("kept", 1, 2, &[("index.html", Bytes::from_static(b"2"))]);
    let mut owner = cluster.peer(1, newer.clone()).await;
    let error = within(Duration::from_secs(10), "a clear error", owner.publish(&newer)).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Internal);
    assert!(error.message.contains("registry"), "{}", error.message);
    let (_, body) = reader.by_path(site.project(), "style.css", 0).await.unwrap();
    assert_eq!(body, site.file("style.css"));
}
