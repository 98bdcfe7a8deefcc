//! Asking: what is believed, what is asked again, and what a lost connection does to it.

use bytes::Bytes;
use crowd_peer::{Event, Peer, PeerError};
use crowd_protocol::{Answer, ChunkHash, ErrorCode, NodeMessage, PeerMessage, Want, WireError};

use crate::content::{project, release};
use crate::fake_node::FakeNode;

#[tokio::test]
async fn a_request_is_answered() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    assert_eq!(peer.connection().unwrap().node, "n1");
    let body = Bytes::from_static(b"chunk");
    let hash = ChunkHash::of(&body);
    let (got, ()) = tokio::join!(peer.request_hash(project(), &hash), async {
        let PeerMessage::Request { id, want, .. } = session.next().await else { panic!("a request") };
        assert_eq!(want, Want::Hash(hash));
        session.answer(id, &body).await;
    });
    assert_eq!(got.unwrap(), body);
}

#[tokio::test]
async fn a_wrong_hash_is_refused() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    let wanted = ChunkHash::of(b"chunk");
    let (got, ()) = tokio::join!(peer.request_hash(project(), &wanted), async {
        let id = session.request_id().await;
        // It says the right hash and sends something else.
        let body = Bytes::from_static(b"another");
        session
            .send(NodeMessage::Response(Answer { id, sha256: wanted, file: None, traceparent: None, body }))
            .await;
    });
    assert!(matches!(got, Err(PeerError::WrongHash { wanted: w, .. }) if w == wanted));
}

#[tokio::test]
async fn a_release_that_is_not_signed_by_its_owner_is_refused() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    for forged in [false, true] {
        let (got, ()) = tokio::join!(peer.resolve(project()), async {
            let PeerMessage::Resolve { id, .. } = session.next().await else { panic!("a resolve") };
            let mut release = release(3, ChunkHash::of(b""));
            if forged {
                release.version = 4;
            }
            session.send(NodeMessage::Release { id, release, peers: 2 }).await;
        });
        match got {
            Ok(resolved) => assert!(!forged && resolved.release.version == 3 && resolved.peers == 2),
            Err(error) => assert!(forged && error.code() == Some(ErrorCode::BadSignature)),
        }
    }
}

#[tokio::test]
async fn rate_limited_is_asked_again_and_other_errors_keep_their_code() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    let body = Bytes::from_static(b"x");
    let hash = ChunkHash::of(&body);
    let (got, ()) = tokio::join!(peer.request_hash(project(), &hash), async {
        let first = session.request_id().await;
        session.refuse(first, &WireError::rate_limited("slow down", 5)).await;
        let second = session.request_id().await;
        assert_ne!(first, second);
        session.answer(second, &body).await;
    });
    assert_eq!(got.unwrap(), body);
    let (got, ()) = tokio::join!(peer.request_hash(project(), &hash), async {
        let id = session.request_id().await;
        session.refuse(id, &WireError::new(ErrorCode::NoPeer, "nobody")).await;
    });
    assert_eq!(got.unwrap_err().code(), Some(ErrorCode::NoPeer));
}

#[tokio::test]
async fn what_is_in_flight_when_a_connection_breaks_is_answered_by_the_next() {
    let node = FakeNode::bind().await;
    let (peer, mut session) = node.peer().await;
    let mut events = peer.events();
    let body = Bytes::from_static(b"x");
    let hash = ChunkHash::of(&body);
    let (got, ()) = tokio::join!(peer.request_hash(project(), &hash), async {
        session.request_id().await;
        drop(session);
        let mut session = node.accept().await;
        let id = session.request_id().await;
        session.answer(id, &body).await;
    });
    assert_eq!(got.unwrap(), body);
    assert!(matches!(events.recv().await, Ok(Event::Disconnected { .. })));
    assert!(matches!(events.recv().await, Ok(Event::Connected(_))));
    assert_eq!(peer.stats().connections, 2);
}

#[tokio::test]
async fn goaway_moves_to_the_other_node_before_the_first_is_left() {
    let (node, other) = (FakeNode::bind().await, FakeNode::bind().await);
    let (peer, mut session) = node.peer().await;
    let body = Bytes::from_static(b"x");
    let hash = ChunkHash::of(&body);
    let (got, mut new) = tokio::join!(peer.request_hash(project(), &hash), async {
        let id = session.request_id().await;
        let nodes = vec![node.url.to_string(), other.url.to_string()];
        session.send(NodeMessage::Goaway { reason: "draining".into(), nodes, reconnect_in_ms: 20 }).await;
        let new = other.accept().await;
        // What was in flight is still answered by the node that leaves.
        session.answer(id, &body).await;
        new
    });
    assert_eq!(got.unwrap(), body);
    let (pinged, ()) = tokio::join!(peer.ping(), async {
        let PeerMessage::Ping { id } = new.next().await else { panic!("a ping") };
        new.ok(id).await;
    });
    pinged.unwrap();
    assert_eq!(peer.connection().unwrap().url, other.url);
    assert!(session.try_next().await.is_none(), "the first node is left");
}

#[tokio::test]
async fn a_deadline_ends_every_wait() {
    let node = FakeNode::bind().await;
    let config =
        crowd_peer::PeerConfig { request_timeout: std::time::Duration::from_millis(50), ..node.config() };
    let (peer, _session) = tokio::join!(Peer::connect(config), node.accept());
    let error = peer.unwrap().ping().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Timeout));
}

#[tokio::test]
async fn a_port_without_a_node_says_so() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let url = crowd_peer::NodeUrl::parse(&address).unwrap();
    let error = Peer::connect(crowd_peer::PeerConfig::new([url])).await.err().unwrap();
    assert!(error.to_string().starts_with(&format!("cannot connect to ws://{address}: ")), "{error}");
}
