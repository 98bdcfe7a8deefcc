//! Readers and a publisher that go on whatever happens to the nodes, and fail the test when they can't.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use crowd_peer::{MemoryStore, NodeUrl, Peer, PeerConfig, PeerError, Publication};
use crowd_protocol::{ErrorCode, Have};
use crowd_tests::{TestSite, eventually, get};
use http::{Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::restarts::Restarts;

/// Between two reads of one reader.
const PAUSE: Duration = Duration::from_millis(10);
/// Between two pieces of a download, of 8 KiB each: of all of it, some seconds.
const FRAME: Duration = Duration::from_millis(6);
/// What the system may hold of a download, so that it is for the node to send the rest.
const HELD: u32 = 16 << 10;
/// Chunks of the file that is read.
const CHUNKS: usize = 40;

/// Where a node's doors are.
#[derive(Clone, Copy)]
struct Doors {
    public: SocketAddr,
    admin: SocketAddr,
}

/// All that goes on.
pub(super) struct Load {
    site: TestSite,
    nodes: Vec<Doors>,
    /// What hosts the site; peers that reconnect.
    _hosts: Vec<Peer>,
    reads: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    running: Vec<JoinHandle<()>>,
}

impl Load {
    /// `site` is published, and hosted through two nodes.
    pub(super) async fn new(nodes: &Restarts, site: TestSite) -> Self {
        let nodes = nodes.all().iter().map(|node| Doors { public: node.public, admin: node.admin });
        let nodes: Vec<Doors> = nodes.collect();
        let mut hosts = Vec::new();
        for at in [1, 2] {
            let host = connect(&nodes, at).await;
            let store = Arc::new(store_of(&site));
            match at {
                1 => host.publish(publication(&site)).await.unwrap(),
                _ => host.host(site.project(), 1, Have::All, store).await.unwrap(),
            }
            hosts.push(host);
        }
        let (reads, stop) = (Arc::default(), Arc::default());
        Self { site, nodes, _hosts: hosts, reads, stop, running: Vec::new() }
    }

    /// A peer that reads chunks, and goes where its node sends it.
    pub(super) async fn read_over_websocket(&mut self) {
        let (mut turns, site) = (self.turns(), self.site.clone());
        let reader = connect(&self.nodes, turns.start % 3).await;
        self.spawn(async move {
            while let Some(n) = turns.next().await {
                let hash = site.hash("a.bin", n % CHUNKS);
                let read = reader.request_hash(site.project(), &hash).await;
                let bytes = read.unwrap_or_else(|error| panic!("a read over a WebSocket: {error}"));
                assert_eq!(Some(bytes), site.chunk(&hash));
            }
        });
    }

    /// A reader that a load balancer sends to some node that is ready, over a new connection each time.
    pub(super) fn read_over_http(&mut self) {
        let (mut turns, nodes, site) = (self.turns(), self.nodes.clone(), self.site.clone());
        self.spawn(async move {
            while let Some(n) = turns.next().await {
                let node = nodes[n % nodes.len()];
                if is_ready(node).await {
                    let reply = get(node.public, "/busy/a.bin").await;
                    let reply = reply.unwrap_or_else(|error| panic!("a read over HTTP: {error:#}"));
                    assert_eq!((reply.status.as_u16(), reply.body), (200, site.file("a.bin")));
                }
            }
        });
    }

    /// A reader that keeps its connection until it is asked not to.
    pub(super) fn read_over_one_connection(&mut self) {
        let (mut turns, nodes, site) = (self.turns(), self.nodes.clone(), self.site.clone());
        self.spawn(async move {
            let mut kept: Option<SendRequest<Empty<Bytes>>> = None;
            while let Some(n) = turns.next().await {
                let node = nodes[n % nodes.len()];
                let mut sender = match kept.take() {
                    Some(sender) => sender,
                    None if is_ready(node).await => dial(node.public).await,
                    None => continue,
                };
                let response = ask(&mut sender, "/busy/a.bin").await;
                let ends = response.headers().get("connection").is_some_and(|value| value == "close");
                let body = response.into_body().collect().await.expect("an answer ends well").to_bytes();
                assert_eq!(body, site.file("a.bin"));
                // The task of the connection takes the sender back a moment after the answer's end.
                if !ends && sender.ready().await.is_ok() {
                    kept = Some(sender);
                }
            }
        });
    }

    /// A publisher of ever newer versions. Without the keeper of the names it is refused, and tries again; what was
    /// accepted is there.
    pub(super) async fn publish(&mut self) {
        let publisher = connect(&self.nodes, 2).await;
        let mut turns = self.turns();
        self.spawn(async move {
            let mut version = 1;
            while turns.next().await.is_some() {
                let site = TestSite::of("news", 7, version, &[("index.html", version.to_string().into())]);
                match publisher.publish(publication(&site)).await {
                    Ok(()) => {
                        let newest = publisher.resolve(site.project()).await.expect("it is there now");
                        assert_eq!(newest.release.version, version);
                        version += 1;
                    }
                    Err(PeerError::Wire(error)) => {
                        let clear = matches!(error.code, ErrorCode::Internal | ErrorCode::Timeout);
                        assert!(clear && !error.message.is_empty(), "{error:?}");
                    }
                    Err(error) => panic!("a publish: {error}"),
                }
            }
        });
    }

    /// A large file, taken slowly through the `at`-th node. Returns once it is under way.
    pub(super) async fn start_download(&self, at: usize) -> JoinHandle<()> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(HELD).unwrap();
        let socket = socket.connect(self.nodes[at].public).await.unwrap();
        let mut sender = client(socket).await;
        let mut response = ask(&mut sender, "/busy/long.bin").await;
        let whole = self.site.file("long.bin");
        tokio::spawn(async move {
            let mut taken = Vec::new();
            while let Some(frame) = response.body_mut().frame().await {
                let frame = frame.expect("a download that was begun is ended");
                taken.extend_from_slice(&frame.into_data().expect("it has no trailers"));
                // Slow enough to be under way for as long as the node takes to close its doors.
                sleep(FRAME).await;
            }
            assert!(taken == whole, "{} of {} bytes", taken.len(), whole.len());
            // Its head was sent before the node knew that it would leave: nothing told this client to ask elsewhere.
            assert_eq!(response.headers().get("connection"), None);
            answered_for_the_last_time(&mut sender, "/busy/a.bin").await;
        })
    }

    /// Waits for so many more reads.
    pub(super) async fn reach(&self, more: u64) {
        let target = self.reads.load(Ordering::Relaxed) + more;
        eventually("readers go on", async || {
            // One that failed has said why.
            assert!(!self.running.iter().any(JoinHandle::is_finished), "a reader gave up");
            (self.reads.load(Ordering::Relaxed) >= target).then_some(())
        })
        .await;
    }

    /// Ends all of it, well.
    pub(super) async fn finish(self) {
        self.stop.store(true, Ordering::Relaxed);
        for running in self.running {
            running.await.expect("nobody failed");
        }
    }

    fn spawn(&mut self, reader: impl Future<Output = ()> + Send + 'static) {
        self.running.push(tokio::spawn(reader));
    }

    fn turns(&self) -> Turns {
        let (reads, stop) = (self.reads.clone(), self.stop.clone());
        Turns { taken: None, start: self.running.len(), reads, stop }
    }
}

/// One more request on a connection of a node that leaves, which says that it is the last.
pub(super) async fn answered_for_the_last_time(sender: &mut SendRequest<Empty<Bytes>>, path: &str) {
    sender.ready().await.expect("the connection is still open");
    let response = ask(sender, path).await;
    assert_eq!(response.headers().get("connection").expect("it says so"), "close");
    response.into_body().collect().await.expect("an answer ends well");
}

/// The turns of one reader, each of which is counted once it went well.
struct Turns {
    taken: Option<usize>,
    start: usize,
    reads: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Turns {
    /// The number of the next turn; none at the end. Readers start at different numbers.
    async fn next(&mut self) -> Option<usize> {
        if let Some(taken) = self.taken {
            self.reads.fetch_add(1, Ordering::Relaxed);
            sleep(PAUSE).await;
            self.taken = Some(taken + 1);
        } else {
            self.taken = Some(self.start);
        }
        self.taken.filter(|_| !self.stop.load(Ordering::Relaxed))
    }
}

async fn connect(nodes: &[Doors], at: usize) -> Peer {
    let url = NodeUrl::parse(&format!("http://{}", nodes[at].public)).unwrap();
    Peer::connect(PeerConfig::new([url])).await.unwrap()
}

fn publication(site: &TestSite) -> Publication {
    let store = Arc::new(store_of(site));
    Publication { release: site.release.clone(), store, have: Some(Have::All), token: None }
}

fn store_of(site: &TestSite) -> MemoryStore {
    let store = MemoryStore::default();
    for hash in site.manifest.chunks().iter().chain([&site.release.manifest]) {
        store.put(site.chunk(hash).expect("the site has it"));
    }
    store
}

/// As a load balancer finds out; a node that is just starting does not even answer.
async fn is_ready(node: Doors) -> bool {
    get(node.admin, "/readyz").await.is_ok_and(|reply| reply.status == 200)
}

pub(super) async fn dial(address: SocketAddr) -> SendRequest<Empty<Bytes>> {
    let socket = TcpStream::connect(address).await.expect("a node that is ready takes connections");
    client(socket).await
}

async fn client(socket: TcpStream) -> SendRequest<Empty<Bytes>> {
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.unwrap();
    tokio::spawn(connection);
    sender
}

pub(super) async fn ask(sender: &mut SendRequest<Empty<Bytes>>, path: &str) -> Response<Incoming> {
    let request = Request::get(path).header("host", "localhost").body(Empty::new()).unwrap();
    let response = sender.send_request(request).await.expect("a connection that is kept is served");
    assert_eq!(response.status(), 200, "{path}");
    response
}
