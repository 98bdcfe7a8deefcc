//! Nodes with made-up peers, wires that can be cut, and waiting until something is so.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use crowd_cluster::{Cluster, ClusterConfig, ClusterError, Joining, Lines, Member, RemoteRegistry, Serving};
use crowd_directory::Hosting;
use crowd_protocol::{ChunkHash, ErrorCode, Have, ProjectName, WireError};
use crowd_registry::{LocalRegistry, Registry};
use crowd_relay::{Ask, ChunkAsk, DenyList, Kind, LocalPeers, Relay, RelayConfig, Responder};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A node of a cluster.
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) address: String,
    pub(crate) cluster: Cluster,
    pub(crate) relay: Arc<Relay>,
    pub(crate) registry: Arc<dyn Registry>,
    pub(crate) peers: Arc<Peers>,
    shutdown: CancellationToken,
    run: JoinHandle<Result<(), ClusterError>>,
}

/// How to start a node.
pub(crate) struct Start<'s> {
    pub(crate) name: &'s str,
    pub(crate) incarnation: u64,
    pub(crate) join: Vec<String>,
    /// The registry it keeps; none to use the cluster's.
    pub(crate) keeps: Option<Arc<dyn Registry>>,
    /// Others reach it over this wire.
    pub(crate) behind: Option<&'s Wire>,
    pub(crate) listener: Option<TcpListener>,
}

impl Start<'_> {
    /// A node that keeps a registry of its own and joins nobody.
    pub(crate) fn keeper(name: &str) -> Start<'_> {
        let keeps: Arc<dyn Registry> = Arc::new(LocalRegistry::in_memory().unwrap());
        Start { name, incarnation: 1, join: vec![], keeps: Some(keeps), behind: None, listener: None }
    }

    /// A node that joins `seed`.
    pub(crate) fn joining<'n>(name: &'n str, seed: &Node) -> Start<'n> {
        let join = vec![seed.address.clone()];
        Start { name, incarnation: 1, join, keeps: None, behind: None, listener: None }
    }

    pub(crate) async fn start(self) -> Node {
        let listener = match self.listener {
            Some(listener) => listener,
            None => TcpListener::bind("127.0.0.1:0").await.unwrap(),
        };
        let bound = listener.local_addr().unwrap().to_string();
        if let Some(wire) = self.behind {
            wire.target.send_replace(bound.clone());
        }
        let address = self.behind.map_or(bound, |wire| wire.address.clone());
        let mut config = ClusterConfig::new(self.name.into(), &address, "unknown");
        config.incarnation = self.incarnation;
        config.public_url = format!("http://{}.example", self.name);
        config.join = self.join;
        let registry: Arc<dyn Registry> = match self.keeps.clone() {
            Some(registry) => {
                config.keeper = format!("node://{address}");
                registry
            }
            None => {
                let me = config.member().unwrap();
                let hello =
                    Joining { me, seeds: config.join.clone(), cluster_id: None, lines: Lines::plain() }
                        .hello()
                        .await
                        .unwrap();
                config.keeper = hello.keeper.clone();
                Arc::new(
                    RemoteRegistry::connect(&hello.keeper, hello.cluster_id, &config.name, &Lines::plain())
                        .unwrap(),
                )
            }
        };
        config.cluster_id = registry.id().to_owned();
        let peers = Arc::new(Peers::default());
        let cluster = Cluster::new(config, peers.clone()).unwrap();
        let relay = Relay::new(
            RelayConfig::default(),
            registry.clone(),
            peers.clone(),
            cluster.nodes(),
            DenyList::default(),
        );
        let shutdown = CancellationToken::new();
        let serving = Serving {
            listener,
            relay: relay.clone(),
            registry: self.keeps,
            reports: None,
            shutdown: shutdown.clone(),
        };
        let run = tokio::spawn({
            let cluster = cluster.clone();
            async move { cluster.run(serving).await }
        });
        Node { name: self.name.to_owned(), address, cluster, relay, registry, peers, shutdown, run }
    }
}

impl Node {
    /// Names of those that are up, by this node's knowledge.
    pub(crate) fn sees(&self) -> Vec<String> {
        self.cluster.members().borrow().iter().map(|member| member.name.to_string()).collect()
    }

    pub(crate) fn member(&self, name: &str) -> Option<Member> {
        self.cluster.members().borrow().iter().find(|member| member.name.as_str() == name).cloned()
    }

    /// Ends without a word to the others.
    pub(crate) async fn crash(self) -> Result<(), ClusterError> {
        self.shutdown.cancel();
        self.run.await.unwrap()
    }

    /// How its run ended.
    pub(crate) async fn ended(self) -> Result<(), ClusterError> {
        self.run.await.unwrap()
    }

    /// The nodes that it would ask for `project`.
    pub(crate) async fn holders(&self, project: &str) -> Vec<String> {
        let project = project.parse().unwrap();
        let holders = self.cluster.nodes().holders(&project, true).await;
        holders.iter().map(|holder| holder.id().to_string()).collect()
    }

    /// A peer here hosts all of `project`, version 1, whose chunks are these; told to the owners.
    pub(crate) async fn host(&self, project: &str, chunks: &[Bytes]) -> Arc<Responder> {
        let responder = self.peers.host(project, chunks, true);
        self.cluster.nodes().announce(&project.parse().unwrap()).await;
        responder
    }

    pub(crate) async fn unhost(&self, project: &str) {
        self.peers.hosted.lock().unwrap().remove(&project.parse().unwrap());
        self.cluster.nodes().announce(&project.parse().unwrap()).await;
    }

    /// Fetches a chunk from wherever it is.
    pub(crate) async fn fetch(&self, project: &str, chunk: &Bytes) -> Result<Bytes, WireError> {
        self.relay.fetch(chunk_ask(project, chunk)).await.map(|chunk| chunk.bytes)
    }
}

pub(crate) fn chunk_ask(project: &str, chunk: &Bytes) -> ChunkAsk {
    let (project, hash, size) = (project.parse().unwrap(), ChunkHash::of(chunk), chunk.len() as u32);
    ChunkAsk { project, version: 1, hash, size, manifest: false, exact: true }
}

/// Three nodes that see each other: `a` keeps the registry.
pub(crate) async fn three() -> [Node; 3] {
    let a = Start::keeper("a").start().await;
    let b = Start::joining("b", &a).start().await;
    let c = Start::joining("c", &a).start().await;
    let nodes = [a, b, c];
    all_see(&nodes, &["a", "b", "c"]).await;
    nodes
}

pub(crate) async fn all_see<'n>(nodes: impl IntoIterator<Item = &'n Node>, names: &[&str]) {
    for node in nodes {
        let what = format!("{} sees {names:?}", node.name);
        eventually(&what, Duration::from_secs(10), async || node.sees() == names).await;
    }
}

/// Waits until `check` holds.
pub(crate) async fn eventually(
    what: &str,
    limit: Duration,
    mut check: impl AsyncFnMut() -> bool,
) -> Duration {
    let started = Instant::now();
    while !check().await {
        assert!(started.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    started.elapsed()
}

/// Peers that nobody connected: each project has one, an actor that answers or not.
#[derive(Default)]
pub(crate) struct Peers {
    hosted: Mutex<HashMap<ProjectName, Arc<Responder>>>,
}

impl Peers {
    pub(crate) fn host(&self, project: &str, chunks: &[Bytes], answers: bool) -> Arc<Responder> {
        let responder = Arc::new(Responder::new(format!("peer of {project}"), Kind::Peer));
        self.hosted.lock().unwrap().insert(project.parse().unwrap(), responder.clone());
        let chunks = chunks.iter().map(|chunk| (ChunkHash::of(chunk), chunk.clone())).collect();
        if answers {
            tokio::spawn(answer(responder.clone(), chunks));
        }
        responder
    }
}

async fn answer(responder: Arc<Responder>, chunks: HashMap<ChunkHash, Bytes>) {
    while let Some(ask) = responder.asks().pop().await {
        let open = responder.sent(&ask);
        let Ask { chunk, reply, .. } = ask;
        responder.heard();
        let _ = match chunks.get(&chunk.hash) {
            Some(bytes) => {
                responder.answered(open, bytes.len());
                reply.send(Ok(bytes.clone()))
            }
            None => {
                responder.closed(open);
                reply.send(Err(WireError::new(ErrorCode::NotHere, "not here")))
            }
        };
    }
}

impl LocalPeers for Peers {
    fn hosting(&self, project: &ProjectName) -> Hosting {
        match self.hosted.lock().unwrap().get(project) {
            Some(peer) => Hosting { version: 1, all: 1, part: 0, sample: vec![peer.id().clone()] },
            None => Hosting::none(),
        }
    }

    fn versions(&self, project: &ProjectName) -> Vec<u64> {
        self.hosted.lock().unwrap().get(project).map(|_| 1).into_iter().collect()
    }

    fn projects(&self) -> Vec<ProjectName> {
        self.hosted.lock().unwrap().keys().cloned().collect()
    }

    fn pick(
        &self,
        project: &ProjectName,
        _: u32,
        has: &dyn Fn(u64, &Have) -> bool,
        asked: &[Arc<str>],
    ) -> Option<(Arc<Responder>, u64)> {
        let hosted = self.hosted.lock().unwrap();
        let peer = hosted.get(project).filter(|peer| !asked.contains(peer.id()) && has(1, &Have::All))?;
        Some((peer.clone(), 1))
    }
}

/// A wire to a port that carries bytes until it is cut; then it carries nothing, and nobody is told.
pub(crate) struct Wire {
    pub(crate) address: String,
    target: watch::Sender<String>,
    cut: Arc<AtomicBool>,
}

impl Wire {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (target, to) = watch::channel(String::new());
        let cut = Arc::new(AtomicBool::new(false));
        tokio::spawn(carry(listener, to, cut.clone()));
        Self { address, target, cut }
    }

    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }

    pub(crate) fn mend(&self) {
        self.cut.store(false, Ordering::SeqCst);
    }
}

async fn carry(listener: TcpListener, to: watch::Receiver<String>, cut: Arc<AtomicBool>) {
    while let Ok((near, _)) = listener.accept().await {
        let target = to.borrow().clone();
        let Ok(far) = TcpStream::connect(target).await else { continue };
        let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
        tokio::spawn(pour(near_in, far_out, cut.clone()));
        tokio::spawn(pour(far_in, near_out, cut.clone()));
    }
}

async fn pour(
    from: tokio::net::tcp::OwnedReadHalf,
    to: tokio::net::tcp::OwnedWriteHalf,
    cut: Arc<AtomicBool>,
) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let (mut from, mut to, mut bytes) = (from, to, vec![0; 64 * 1024]);
    while let Ok(n) = from.read(&mut bytes).await {
        while cut.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        if n == 0 || to.write_all(&bytes[..n]).await.is_err() {
            return;
        }
    }
}
