//! One connection over a pipe in memory: what a peer leaves behind when it goes at an awkward moment, and its limits.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use crowd_directory::Row;
use crowd_protocol::{
    Answer, ChunkHash, ErrorCode, Frame, Have, NodeMessage, PeerMessage, ProjectName, Release, SUBPROTOCOL,
    SigningKey,
};
use crowd_registry::{Change, LocalRegistry, Outcome, Record, Registry, RegistryError};
use crowd_relay::{BoxFuture, DenyList, LocalPeers, Nodes, Relay, RelayConfig, Responder};
use crowd_session::{PeerTable, RequestOrigin, SessionConfig, Sessions};
use futures_util::stream::BoxStream;
use futures_util::{SinkExt, StreamExt};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const SOON: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_peer_that_leaves_in_the_middle_of_host_is_off_the_table() {
    let node = Node::start(|_| {}).await;
    let mut peer = node.connect().await;
    *node.nodes.hangs.lock().unwrap() = true;
    peer.say(&host(1, "one")).await;
    eventually(|| !node.table.hosting(&name("one")).is_none()).await;
    *node.nodes.hangs.lock().unwrap() = false;
    drop(peer);
    eventually(|| node.table.hosting(&name("one")).is_none()).await;
    eventually(|| node.sessions.count() == 0).await;
    // Told of the host, and of its end.
    assert_eq!(node.nodes.announced.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_peer_that_leaves_in_the_middle_of_unhost_is_announced_as_gone() {
    let node = Node::start(|_| {}).await;
    let mut peer = node.connect().await;
    peer.say(&host(1, "one")).await;
    assert_eq!(peer.hear().await, NodeMessage::Ok { id: 1 });
    *node.nodes.hangs.lock().unwrap() = true;
    peer.say(&PeerMessage::Unhost { id: 2, project: name("one") }).await;
    eventually(|| node.nodes.announced.load(Ordering::Relaxed) == 2).await;
    *node.nodes.hangs.lock().unwrap() = false;
    drop(peer);
    eventually(|| node.nodes.announced.load(Ordering::Relaxed) == 3).await;
}

#[tokio::test]
async fn what_is_no_longer_hosted_does_not_count_against_the_limit() {
    let node = Node::start(|config| config.max_projects = 1).await;
    let mut peer = node.connect().await;
    for (id, project) in [(1, "one"), (3, "two"), (5, "one")] {
        peer.say(&host(id, project)).await;
        assert_eq!(peer.hear().await, NodeMessage::Ok { id }, "{project}");
        peer.say(&PeerMessage::Watch { id: 99, project: name("three") }).await;
        assert_eq!(peer.error().await, (Some(99), ErrorCode::NotAllowed));
        peer.say(&PeerMessage::Unhost { id: id + 1, project: name(project) }).await;
        assert_eq!(peer.hear().await, NodeMessage::Ok { id: id + 1 });
    }
    // What was refused counts as little.
    peer.say(&host(7, "unknown")).await;
    assert_eq!(peer.error().await, (Some(7), ErrorCode::UnknownProject));
    peer.say(&PeerMessage::Watch { id: 8, project: name("three") }).await;
    assert_eq!(peer.hear().await, NodeMessage::Ok { id: 8 });
}

#[tokio::test]
async fn haves_that_wait_are_bounded_and_take_no_places_of_answers() {
    let node = Node::start(|_| {}).await;
    let mut peer = node.connect().await;
    *node.nodes.hangs.lock().unwrap() = true;
    peer.say(&host(1, "one")).await;
    for _ in 0..300 {
        peer.say(&PeerMessage::Have { project: name("one"), version: 1, chunks: vec![0] }).await;
    }
    peer.say(&PeerMessage::Ping { id: 2 }).await;
    let mut refused = 0;
    loop {
        match peer.hear().await {
            NodeMessage::Error(error) => {
                assert_eq!((error.id, error.code), (None, ErrorCode::RateLimited));
                refused += 1;
            }
            other => break assert_eq!(other, NodeMessage::Ok { id: 2 }),
        }
    }
    assert!((200..300).contains(&refused), "{refused}");
}

#[tokio::test]
async fn a_peer_that_reads_nothing_is_dropped_with_what_waits_for_it() {
    let node = Node::start(|config| config.heartbeat = Duration::from_millis(200)).await;
    let mut peer = node.connect().await;
    // More answers than the pipe takes; and it goes on talking, so that it is not silent.
    for id in 0..250 {
        peer.say(&PeerMessage::Ping { id }).await;
    }
    let talking = async {
        while peer.socket.send(Message::Pong(Default::default())).await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(SOON, talking).await.expect("it is dropped");
    eventually(|| node.sessions.count() == 0).await;
}

#[tokio::test]
async fn sessions_are_closed_in_time_while_an_owner_hangs() {
    let node = Node::start(|_| {}).await;
    let mut peer = node.connect().await;
    peer.say(&host(1, "one")).await;
    assert_eq!(peer.hear().await, NodeMessage::Ok { id: 1 });
    *node.nodes.hangs.lock().unwrap() = true;
    let closing = node.sessions.close(Duration::from_millis(100));
    assert!(!timeout(SOON, closing).await.expect("it ends in time"), "the owner was not told");
    assert!(node.table.hosting(&name("one")).is_none());
}

#[tokio::test]
async fn a_release_that_is_stored_is_hosted_although_the_registry_did_not_say_so() {
    let node = Node::with(Forgetful(LocalRegistry::in_memory().unwrap()), |_| {}).await;
    let mut peer = node.connect().await;
    let chunk = ChunkHash::of(b"hello");
    let manifest = format!(
        r#"{{"crowd":1,"project":"three","chunk_size":262144,"index":"index.html","files":[{{"path":"index.html",
        "type":"text/html","size":5,"chunks":["{chunk}"]}}]}}"#
    );
    let (key, sha256) = (SigningKey::from_bytes(&[1; 32]), ChunkHash::of(manifest.as_bytes()));
    let release = Release::sign(&key, name("three"), 1, sha256, "2026-11-22T17:00:00Z").unwrap();
    peer.say(&PeerMessage::Publish { id: 1, release, token: None, have: Some(Have::All) }).await;
    let NodeMessage::Request { id, .. } = peer.hear().await else { panic!("the manifest is asked for") };
    let body = manifest.into_bytes().into();
    peer.say(&PeerMessage::Response(Answer { id, sha256, file: None, traceparent: None, body })).await;
    assert_eq!(peer.hear().await, NodeMessage::Ok { id: 1 });
    assert!(!node.table.hosting(&name("three")).is_none());
}

/// One node, all by itself, with the projects `one` and `two` published.
struct Node {
    sessions: Sessions,
    table: Arc<PeerTable>,
    nodes: Arc<FakeNodes>,
}

impl Node {
    async fn start(set: impl FnOnce(&mut SessionConfig)) -> Self {
        Self::with(LocalRegistry::in_memory().unwrap(), set).await
    }

    async fn with(registry: impl Registry, set: impl FnOnce(&mut SessionConfig)) -> Self {
        for project in ["one", "two"] {
            let (key, manifest) = (SigningKey::from_bytes(&[1; 32]), ChunkHash::of(b"manifest"));
            let release = Release::sign(&key, name(project), 1, manifest, "2026-11-22T17:00:00Z").unwrap();
            // A forgetful one has it, too.
            let _ = registry.compare_and_set(&release, None).await;
        }
        let (table, nodes) = (Arc::<PeerTable>::default(), Arc::<FakeNodes>::default());
        let config = RelayConfig::default();
        let relay = Relay::new(config, Arc::new(registry), table.clone(), nodes.clone(), DenyList::default());
        let (_, addresses) = watch::channel(Arc::default());
        let mut config = SessionConfig::new("n1".into(), "c".into(), addresses);
        set(&mut config);
        Self { sessions: Sessions::new(config, relay, table.clone()), table, nodes }
    }

    async fn connect(&self) -> Client {
        let (ours, theirs) = tokio::io::duplex(4 * 1024);
        let sessions = self.sessions.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let response = sessions.accept(request, RequestOrigin::Program).map(String::from);
            async move { Ok::<_, std::convert::Infallible>(response) }
        });
        let server = hyper::server::conn::http1::Builder::new();
        tokio::spawn(server.serve_connection(TokioIo::new(theirs), service).with_upgrades());
        let mut request = "ws://node/.crowd/ws".into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", SUBPROTOCOL.parse().unwrap());
        let (socket, _) = tokio_tungstenite::client_async(request, ours).await.unwrap();
        let mut client = Client { socket };
        assert!(matches!(client.hear().await, NodeMessage::Welcome { .. }));
        client
    }
}

struct Client {
    socket: WebSocketStream<DuplexStream>,
}

impl Client {
    async fn say(&mut self, said: &PeerMessage) {
        self.socket.send(message(said.encode())).await.unwrap();
    }

    async fn hear(&mut self) -> NodeMessage {
        loop {
            let heard = timeout(SOON, self.socket.next()).await.expect("an answer in time");
            if let Message::Text(text) = heard.unwrap().unwrap() {
                return NodeMessage::decode_text(text.as_bytes()).unwrap();
            }
        }
    }

    async fn error(&mut self) -> (Option<u64>, ErrorCode) {
        match self.hear().await {
            NodeMessage::Error(error) => (error.id, error.code),
            other => panic!("{other:?}"),
        }
    }
}

/// A registry that stores what it is told to, and loses its answer each time.
struct Forgetful(LocalRegistry);

#[async_trait]
impl Registry for Forgetful {
    fn id(&self) -> &str {
        self.0.id()
    }

    async fn get(&self, project: &ProjectName) -> Result<Option<Arc<Record>>, RegistryError> {
        self.0.get(project).await
    }

    async fn compare_and_set(
        &self,
        release: &Release,
        expected: Option<u64>,
    ) -> Result<Outcome, RegistryError> {
        self.0.compare_and_set(release, expected).await?;
        Err(RegistryError::Unavailable("its answer was lost".into()))
    }

    async fn watch(&self) -> Result<BoxStream<'static, Change>, RegistryError> {
        self.0.watch().await
    }

    async fn len(&self) -> Result<u64, RegistryError> {
        self.0.len().await
    }
}

/// Owners that can be made to take for ever.
#[derive(Default)]
struct FakeNodes {
    hangs: Mutex<bool>,
    announced: AtomicU32,
}

impl Nodes for FakeNodes {
    fn known_holders(&self, _: &ProjectName) -> Option<Vec<Arc<Responder>>> {
        Some(Vec::new())
    }

    fn holders<'a>(&'a self, _: &'a ProjectName, _: bool) -> BoxFuture<'a, Vec<Arc<Responder>>> {
        Box::pin(async { Vec::new() })
    }

    fn hosting_elsewhere<'a>(&'a self, _: &'a ProjectName) -> BoxFuture<'a, Vec<Row>> {
        Box::pin(async { Vec::new() })
    }

    fn announce<'a>(&'a self, _: &'a ProjectName) -> BoxFuture<'a, ()> {
        Box::pin(async {
            self.announced.fetch_add(1, Ordering::Relaxed);
            let hangs = *self.hangs.lock().unwrap();
            if hangs {
                std::future::pending::<()>().await;
            }
        })
    }
}

fn host(id: u64, project: &str) -> PeerMessage {
    PeerMessage::Host { id, project: name(project), version: 1, have: Have::All }
}

fn name(project: &str) -> ProjectName {
    ProjectName::parse(project).unwrap()
}

fn message(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => Message::Text(text.into()),
        binary @ Frame::Binary { .. } => Message::Binary(binary.to_payload()),
    }
}

async fn eventually(holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(SOON, waiting).await.expect("it comes true in time");
}
