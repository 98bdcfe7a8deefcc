//! Publishing and hosting: what the node is told, what it is given, and what a new connection is told again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crowd_peer::{ChunkStore, DirStore, Event, MemoryStore, Mirror, MirrorEvent, Pins, Publication};
use crowd_protocol::{BitField, ChunkHash, ErrorCode, Have, NodeMessage, PeerMessage, Server, WireError};

use crate::content::{CHUNK, Content, bytes, project};
use crate::fake_node::{FakeNode, Session};

async fn expect_host(session: &mut Session) -> (u64, Have) {
    let PeerMessage::Host { id, version, have, .. } = session.next().await else { panic!("a host") };
    session.ok(id).await;
    (version, have)
}

fn store_of(content: &Content) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    for bytes in content.chunks.values() {
        store.put(bytes.clone());
    }
    store
}

#[tokio::test]
async fn the_manifest_is_served_before_publish_is_answered() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    let content = Content::new(1, &[("index.html", b"hello")]);
    let release = content.release.clone();
    let publication = Publication {
        release: release.clone(),
        store: store_of(&content),
        have: Some(Have::All),
        token: Some("t".into()),
    };
    let (published, ()) = tokio::join!(peer.publish(publication), async {
        let PeerMessage::Publish { id, token, have, .. } = session.next().await else { panic!("a publish") };
        assert_eq!((token.as_deref(), have), (Some("t"), Some(Have::All)));
        assert!(session.ask(&release, release.manifest).await.is_some());
        session.ok(id).await;
    });
    published.unwrap();
    // It is hosted now, and again after a reconnection.
    drop(session);
    let mut session = node.accept().await;
    assert_eq!(expect_host(&mut session).await, (1, Have::All));
    assert_eq!(session.ask(&release, ChunkHash::of(b"hello")).await.unwrap(), "hello");
    assert_eq!(peer.stats().served_chunks, 2);
}

#[tokio::test]
async fn a_refused_release_is_not_served() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    let content = Content::new(1, &[("index.html", b"hello")]);
    let release = content.release.clone();
    let publication = Publication {
        release: release.clone(),
        store: store_of(&content),
        have: Some(Have::All),
        token: None,
    };
    let (published, ()) = tokio::join!(peer.publish(publication), async {
        let PeerMessage::Publish { id, .. } = session.next().await else { panic!("a publish") };
        session.refuse(id, &WireError::new(ErrorCode::NameTaken, "taken")).await;
    });
    assert_eq!(published.unwrap_err().code(), Some(ErrorCode::NameTaken));
    assert!(session.ask(&release, release.manifest).await.is_none());
}

#[tokio::test]
async fn chunks_that_came_later_are_announced_again_after_a_reconnection() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    let mut events = peer.events();
    let store = Arc::new(MemoryStore::default());
    let (hosted, _) = tokio::join!(
        peer.host(project(), 4, Have::Bits(BitField::new(10)), Arc::clone(&store) as Arc<dyn ChunkStore>),
        expect_host(&mut session)
    );
    hosted.unwrap();
    peer.have(project(), 4, &[0, 9]).await.unwrap();
    let PeerMessage::Have { chunks, version, .. } = session.next().await else { panic!("a have") };
    assert_eq!((version, chunks), (4, vec![0, 9]));
    drop(session);
    let mut session = node.accept().await;
    let (version, Have::Bits(bits)) = expect_host(&mut session).await else { panic!("bits") };
    assert_eq!((version, bits.as_bytes()), (4, &[0x80, 0x40][..]));
    session.send(NodeMessage::Updated { project: project().clone(), version: 5 }).await;
    loop {
        if let Event::Updated { version, .. } = events.recv().await.unwrap() {
            break assert_eq!(version, 5);
        }
    }
    let (unhosted, ()) = tokio::join!(peer.unhost(project()), async {
        let PeerMessage::Unhost { id, .. } = session.next().await else { panic!("an unhost") };
        session.ok(id).await;
    });
    unhosted.unwrap();
    // Nothing is left to announce: the next thing the node hears is the ping.
    drop(session);
    let mut session = node.accept().await;
    let (pinged, ()) = tokio::join!(peer.ping(), async {
        let PeerMessage::Ping { id } = session.next().await else { panic!("a ping") };
        session.ok(id).await;
    });
    pinged.unwrap();
}

#[tokio::test]
async fn a_mirror_fetches_serves_and_follows() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror {
        peer,
        project: project().clone(),
        store: DirStore::open(dir.path().join("chunks")).await.unwrap(),
        server: Server::parse("localhost:7000").unwrap(),
        pins: Pins::new(dir.path().join("owners.json")),
        update_wait: Duration::from_millis(20),
    };
    let big = bytes(1, 5 * CHUNK);
    let mut first = Content::new(1, &[("a.txt", b"a"), ("big.txt", &big)]);
    let mut second = Content::new(2, &[("b.txt", b"b"), ("big.txt", &big)]);
    let all = |message: &PeerMessage| matches!(message, PeerMessage::Host { have: Have::All, .. });
    let mut seen = Vec::new();
    let script = async {
        let mut told = 0;
        first
            .serve(&mut session, |message| {
                if let PeerMessage::Have { chunks, .. } = message {
                    told += chunks.len();
                }
                all(message)
            })
            .await;
        assert_eq!(told, 6, "every chunk is announced as it comes");
        let hash = ChunkHash::of(&big[..CHUNK]);
        assert_eq!(session.ask(&first.release, hash).await.unwrap(), Bytes::copy_from_slice(&big[..CHUNK]));
        session.send(NodeMessage::Updated { project: project().clone(), version: 2 }).await;
        second.serve(&mut session, all).await;
        assert_eq!(second.answered, 2, "only the manifest and the new chunk are fetched");
    };
    tokio::select! {
        ended = mirror.run(|event| if let MirrorEvent::Complete { version, fetched } = event {
            seen.push((version, fetched));
        }) => panic!("{ended:?}"),
        () = script => {}
    }
    assert_eq!(seen[0], (1, 6));
}
