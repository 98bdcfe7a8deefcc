//! A node of which the test writes every word: it accepts WebSockets on a free port and hands them over.

use std::time::Duration;

use bytes::Bytes;
use crowd_peer::{Backoff, NodeUrl, Peer, PeerConfig};
use crowd_protocol::{Answer, ChunkHash, Frame, NodeMessage, PeerMessage, Release, SUBPROTOCOL, WireError};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};

/// Longer than anything here takes, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct FakeNode {
    listener: TcpListener,
    pub(crate) url: NodeUrl,
}

/// One accepted peer.
pub(crate) struct Session {
    socket: WebSocketStream<TcpStream>,
}

impl FakeNode {
    pub(crate) async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = NodeUrl::parse(&listener.local_addr().unwrap().to_string()).unwrap();
        Self { listener, url }
    }

    /// A peer of this node that is quick to reconnect.
    pub(crate) fn config(&self) -> PeerConfig {
        let backoff = Backoff { first: Duration::from_millis(10), most: Duration::from_millis(50) };
        PeerConfig { backoff, request_timeout: PATIENCE, ..PeerConfig::new([self.url.clone()]) }
    }

    /// A connected peer, and the node's side of it.
    pub(crate) async fn peer(&self) -> (Peer, Session) {
        let (peer, session) = tokio::join!(Peer::connect(self.config()), self.accept());
        (peer.unwrap(), session)
    }

    /// Accepts a peer and welcomes it.
    pub(crate) async fn accept(&self) -> Session {
        let accepting = async {
            let (stream, _) = self.listener.accept().await.unwrap();
            let socket = tokio_tungstenite::accept_hdr_async(stream, offers_crowd).await.unwrap();
            let mut session = Session { socket };
            session
                .send(NodeMessage::Welcome {
                    peer: "p1".into(),
                    node: "n1".into(),
                    cluster: "c1".into(),
                    nodes: vec![self.url.to_string()],
                    heartbeat_s: 30,
                })
                .await;
            session
        };
        tokio::time::timeout(PATIENCE, accepting).await.expect("a peer connects")
    }
}

#[expect(clippy::result_large_err, reason = "the signature is tungstenite's")]
fn offers_crowd(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    assert_eq!(request.uri().path(), "/.crowd/ws");
    assert_eq!(request.headers()["sec-websocket-protocol"], SUBPROTOCOL);
    response.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
    Ok(response)
}

impl Session {
    pub(crate) async fn send(&mut self, message: NodeMessage) {
        let message = match message.encode() {
            Frame::Text(text) => Message::text(text),
            frame => Message::binary(frame.to_payload()),
        };
        self.socket.send(message).await.unwrap();
    }

    /// The peer's next message; none once it is gone.
    pub(crate) async fn try_next(&mut self) -> Option<PeerMessage> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the peer speaks");
            return Some(match message?.ok()? {
                Message::Text(text) => PeerMessage::decode_text(text.as_bytes()).unwrap(),
                Message::Binary(payload) => PeerMessage::decode_binary(&payload).unwrap(),
                Message::Close(_) => return None,
                _ => continue,
            });
        }
    }

    pub(crate) async fn next(&mut self) -> PeerMessage {
        self.try_next().await.expect("the peer is connected")
    }

    /// The id of the peer's next request.
    pub(crate) async fn request_id(&mut self) -> u64 {
        match self.next().await {
            PeerMessage::Request { id, .. } => id,
            other => panic!("a request, not {other:?}"),
        }
    }

    pub(crate) async fn ok(&mut self, id: u64) {
        self.send(NodeMessage::Ok { id }).await;
    }

    pub(crate) async fn answer(&mut self, id: u64, body: &Bytes) {
        let sha256 = ChunkHash::of(body);
        self.send(NodeMessage::Response(Answer {
            id,
            sha256,
            file: None,
            traceparent: None,
            body: body.clone(),
        }))
        .await;
    }

    pub(crate) async fn refuse(&mut self, id: u64, error: &WireError) {
        self.send(NodeMessage::Error(crowd_protocol::ErrorMessage::new(Some(id), error))).await;
    }

    /// Asks the peer for a chunk, as for another peer.
    pub(crate) async fn ask(&mut self, release: &Release, sha256: ChunkHash) -> Option<Bytes> {
        let (id, project) = (77, release.project.clone());
        let version = release.version;
        self.send(NodeMessage::Request { id, project, version, sha256, traceparent: None }).await;
        match self.next().await {
            PeerMessage::Response(answer) => {
                assert_eq!((answer.id, answer.sha256), (id, sha256));
                Some(answer.body)
            }
            PeerMessage::Error(error) => {
                assert_eq!((error.id, error.code), (Some(id), crowd_protocol::ErrorCode::NotHere));
                None
            }
            other => panic!("an answer, not {other:?}"),
        }
    }
}
