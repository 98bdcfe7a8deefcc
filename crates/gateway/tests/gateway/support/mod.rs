//! A node's gateway on a real port, before a relay whose one peer answers from a map, and a client that sees bytes.

mod client;
mod peer;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crowd_gateway::{Body, Gateway, GatewayConfig, RequestOrigin, ServerConfig, Sockets};
use crowd_protocol::{ChunkHash, Manifest, ManifestBuilder, ProjectName, Release, SigningKey};
use crowd_registry::{LocalRegistry, Outcome, Registry};
use crowd_relay::{Alone, DenyList, Relay, RelayConfig};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use client::Reply;
pub(crate) use peer::{Manners, Peer};

/// Small, so that a small file has many.
pub(crate) const CHUNK: u32 = 1_024;

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) peer: Arc<Peer>,
    pub(crate) registry: Arc<LocalRegistry>,
    pub(crate) sockets: Arc<FakeSockets>,
    pub(crate) cancel: CancellationToken,
    pub(crate) served: JoinHandle<()>,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(RelayConfig::default(), "").await
    }

    /// `blocked` is a project that the operator does not carry.
    pub(crate) async fn with(config: RelayConfig, blocked: &str) -> Self {
        let registry = Arc::new(LocalRegistry::in_memory().unwrap());
        let peer = Peer::start();
        let config = RelayConfig { cache_bytes: 0, no_progress: Duration::from_millis(300), ..config };
        let deny = DenyList::parse((!blocked.is_empty()).then_some(blocked)).unwrap();
        let relay = Relay::new(config, registry.clone(), peer.clone(), Arc::new(Alone), deny);
        let sockets = Arc::new(FakeSockets::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = Gateway::new(GatewayConfig {
            relay,
            sockets: sockets.clone(),
            node: "node-1".to_owned(),
            public_url: format!("http://{address}").parse().unwrap(),
            domain: Some("crowd.test".to_owned()),
        });
        let cancel = CancellationToken::new();
        let served = tokio::spawn(gateway.serve(listener, ServerConfig::default(), cancel.clone()));
        Self { address, peer, registry, sockets, cancel, served }
    }

    /// Publishes version 1 of `project`, hosted by the peer.
    pub(crate) async fn publish(&self, project: &str, files: &[(&str, &str, &[u8])]) {
        self.publish_as(project, 1, files, |builder| builder).await;
    }

    pub(crate) async fn publish_as(
        &self,
        project: &str,
        version: u64,
        files: &[(&str, &str, &[u8])],
        more: impl FnOnce(ManifestBuilder) -> ManifestBuilder,
    ) {
        let name = ProjectName::parse(project).unwrap();
        let mut builder = more(ManifestBuilder::new(name.clone()).chunk_size(CHUNK));
        for (path, media_type, bytes) in files {
            builder.add(path, media_type, bytes).unwrap();
            for chunk in bytes.chunks(CHUNK as usize) {
                self.peer.has(chunk);
            }
        }
        let manifest = builder.build().unwrap().to_json().unwrap();
        self.publish_manifest(project, version, &manifest).await;
    }

    pub(crate) async fn publish_manifest(&self, project: &str, version: u64, manifest: &[u8]) {
        let name = ProjectName::parse(project).unwrap();
        Manifest::parse(manifest, &name).unwrap();
        let hash = self.peer.has(manifest);
        let key = SigningKey::from_bytes(&[7; 32]);
        let release = Release::sign(&key, name.clone(), version, hash, "2026-11-22T17:00:00Z").unwrap();
        let expected = (version > 1).then(|| version - 1);
        let outcome = self.registry.compare_and_set(&release, expected).await.unwrap();
        assert!(matches!(outcome, Outcome::Committed(_)), "{outcome:?}");
        self.peer.hosts(name, version);
    }

    /// The gateway's own host, where projects have no origins.
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.request("GET", path, headers).await
    }

    pub(crate) async fn head(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.request("HEAD", path, headers).await
    }

    /// A `Host` among `headers` takes the place of the address.
    pub(crate) async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
        client::request(self.address, method, path, headers).await
    }
}

/// Remembers who came.
#[derive(Default)]
pub(crate) struct FakeSockets {
    pub(crate) origins: Mutex<Vec<RequestOrigin>>,
}

impl Sockets for FakeSockets {
    fn upgrade(&self, _: Request<Incoming>, origin: RequestOrigin, _: SocketAddr) -> Response<Body> {
        self.origins.lock().unwrap().push(origin);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = http::StatusCode::UPGRADE_REQUIRED;
        response
    }
}

/// `size` bytes, every chunk different.
pub(crate) fn bytes(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at % 251) as u8 ^ (at / CHUNK as usize) as u8).collect()
}

pub(crate) fn hash(bytes: &[u8]) -> ChunkHash {
    ChunkHash::of(bytes)
}

/// What a browser sends when it opens a page at a secure origin.
pub(crate) const NAVIGATION: [(&str, &str); 3] =
    [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document"), ("Accept", "text/html,*/*;q=0.8")];

/// [`NAVIGATION`] and more.
pub(crate) fn navigation<'h>(more: &[(&'h str, &'h str)]) -> Vec<(&'h str, &'h str)> {
    NAVIGATION.iter().chain(more).copied().collect()
}

/// Waits until `done` says so.
pub(crate) async fn eventually(what: &str, done: impl Fn() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never: {what}");
}
