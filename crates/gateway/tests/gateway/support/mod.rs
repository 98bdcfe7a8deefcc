//! A node's gateway on a real port, before a relay whose one peer answers from a map, and a client that sees bytes.

mod ca;
mod client;
mod nodes;
mod peer;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crowd_gateway::{Body, Gateway, GatewayConfig, Hosting, RequestOrigin, ServerConfig, Sockets};
use crowd_protocol::{ChunkHash, Manifest, ManifestBuilder, ProjectName, Release, SigningKey};
use crowd_registry::{LocalRegistry, Outcome, Registry};
use crowd_relay::{DenyList, Relay, RelayConfig};
use http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use ca::Ca;
pub(crate) use client::Reply;
pub(crate) use nodes::OtherNodes;
pub(crate) use peer::{Manners, Peer};

/// Small, so that a small file has many.
pub(crate) const CHUNK: u32 = 1_024;

pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) relay: Arc<Relay>,
    pub(crate) peer: Arc<Peer>,
    pub(crate) nodes: Arc<OtherNodes>,
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
        let config = RelayConfig { cache_bytes: 0, no_progress: Duration::from_millis(300), ..config };
        Self::as_it_is(config, blocked).await
    }

    /// A node that keeps chunks and waits long for its peer, as real ones do.
    pub(crate) async fn patient() -> Self {
        Self::as_it_is(RelayConfig::default(), "").await
    }

    /// The same without a cache.
    pub(crate) async fn keeping_nothing() -> Self {
        Self::as_it_is(RelayConfig { cache_bytes: 0, ..RelayConfig::default() }, "").await
    }

    async fn as_it_is(config: RelayConfig, blocked: &str) -> Self {
        let registry = Arc::new(LocalRegistry::in_memory().unwrap());
        let (peer, nodes) = (Peer::start(), Arc::<OtherNodes>::default());
        let deny = DenyList::parse((!blocked.is_empty()).then_some(blocked)).unwrap();
        let relay = Relay::new(config, registry.clone(), peer.clone(), nodes.clone(), deny);
        let sockets = Arc::new(FakeSockets::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = Gateway::new(config_of(&relay, &sockets, &format!("http://{address}")));
        let cancel = CancellationToken::new();
        let served = tokio::spawn(gateway.serve(listener, ServerConfig::default(), cancel.clone()));
        Self { address, relay, peer, nodes, registry, sockets, cancel, served }
    }

    /// What a node would be made of that has this one's relay and another public URL.
    pub(crate) fn config(&self, public_url: &str) -> GatewayConfig {
        config_of(&self.relay, &self.sockets, public_url)
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

    /// The bytes of the newest manifest, as the peer has them.
    pub(crate) async fn manifest(&self, project: &str) -> Vec<u8> {
        let record = self.registry.get(&ProjectName::parse(project).unwrap()).await.unwrap().unwrap();
        self.peer.chunk(&record.release.manifest).to_vec()
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

fn config_of(relay: &Arc<Relay>, sockets: &Arc<FakeSockets>, public_url: &str) -> GatewayConfig {
    GatewayConfig {
        relay: relay.clone(),
        sockets: sockets.clone(),
        node: "node-1".to_owned(),
        public_url: public_url.parse().unwrap(),
        domain: Some("crowd.test".to_owned()),
        hosting: Hosting::Ask,
        upload_bytes_per_day: 1_234,
        tls: None,
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

/// The script that a page of `project` has at its end.
pub(crate) fn boot(project: &str, version: u64) -> String {
    format!(
        r#"<script src="/.crowd/boot.js" type="module" async data-version="{version}" data-project="{project}"></script>"#
    )
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
