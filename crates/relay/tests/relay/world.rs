//! What surrounds the relay in these tests: a registry, peers and nodes that do as they are told.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use crowd_directory::{Hosting, Row};
use crowd_protocol::{
    ChunkHash, ErrorCode, Have, Manifest, ManifestBuilder, ProjectName, Release, SigningKey, WireError,
};
use crowd_registry::{Change, Outcome, Record, Registry, RegistryError};
use crowd_relay::{
    Ask, BoxFuture, ChunkAsk, DenyList, Kind, LocalPeers, Nodes, Relay, RelayConfig, Responder,
};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use tokio::sync::broadcast;
use tokio::time::{Instant, sleep};

/// Bytes of the test site's one-chunk file.
pub(crate) const SIZE: usize = 1_024;

/// What a scripted responder does with an ask.
#[derive(Clone)]
pub(crate) enum Do {
    /// Answers at once.
    Answer(Bytes),
    /// Is heard all the while, answers in the end.
    Trickle(Duration, Bytes),
    /// Says nothing for so long, then answers.
    Pause(Duration, Bytes),
    Refuse(ErrorCode),
    /// Says nothing, ever.
    Mute,
    /// Is heard for ever, and never answers.
    Chat,
    /// Is heard once, after so long, and never answers.
    Stall(Duration),
}

/// A responder with its script, and when it was asked for what.
pub(crate) struct Actor {
    pub(crate) responder: Arc<Responder>,
    asked: Arc<Mutex<Vec<(Instant, ChunkHash)>>>,
}

impl Actor {
    pub(crate) fn of(kind: Kind, id: &str, script: impl Fn(&ChunkAsk) -> Do + Send + 'static) -> Self {
        let responder = Arc::new(Responder::new(id, kind));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (actor, log) = (responder.clone(), asked.clone());
        tokio::spawn(async move {
            while let Some(ask) = actor.asks().pop().await {
                log.lock().unwrap().push((Instant::now(), ask.chunk.hash));
                let act = script(&ask.chunk);
                tokio::spawn(perform(actor.clone(), ask, act));
            }
        });
        Self { responder, asked }
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    pub(crate) fn was_asked_for(&self, hash: ChunkHash) -> usize {
        self.asked.lock().unwrap().iter().filter(|(_, asked)| *asked == hash).count()
    }
}

async fn perform(actor: Arc<Responder>, ask: Ask, act: Do) {
    let open = actor.sent(&ask);
    let answer = |bytes: Bytes| {
        actor.heard();
        Ok(bytes)
    };
    let result = match act {
        Do::Answer(bytes) => {
            sleep(Duration::from_millis(2)).await;
            answer(bytes)
        }
        Do::Trickle(time, bytes) => {
            let by = Instant::now() + time;
            while Instant::now() < by {
                sleep(Duration::from_millis(50)).await;
                actor.heard();
            }
            answer(bytes)
        }
        Do::Pause(time, bytes) => {
            sleep(time).await;
            answer(bytes)
        }
        Do::Refuse(code) => Err(WireError::new(code, "scripted")),
        Do::Stall(time) => {
            sleep(time).await;
            actor.heard();
            std::future::pending().await
        }
        Do::Chat => loop {
            sleep(Duration::from_millis(100)).await;
            actor.heard();
        },
        Do::Mute => std::future::pending().await,
    };
    match &result {
        Ok(bytes) => actor.answered(open, bytes.len()),
        Err(_) => actor.closed(open),
    }
    let _ = ask.reply.send(result);
}

/// Releases of one project, all of whose chunks are known.
pub(crate) struct TestSite {
    pub(crate) project: ProjectName,
    pub(crate) record: Arc<Record>,
    pub(crate) manifests: Vec<Arc<Manifest>>,
    pub(crate) chunks: HashMap<ChunkHash, Bytes>,
}

impl TestSite {
    /// Versions 1 to `versions`. Each has `index.html` of its own and `same.html`, one chunk each.
    pub(crate) fn new(versions: u64) -> Self {
        let project = ProjectName::parse("site").unwrap();
        let key = SigningKey::from_bytes(&[1; 32]);
        let (mut record, mut manifests, mut chunks) = (None, Vec::new(), HashMap::new());
        for version in 1..=versions {
            let mut builder = ManifestBuilder::new(project.clone()).chunk_size(SIZE as u32);
            for (path, fill) in [("index.html", version as u8), ("same.html", b's')] {
                let bytes = vec![fill; SIZE];
                builder.add(path, "text/html", &bytes).unwrap();
                chunks.insert(ChunkHash::of(&bytes), bytes.into());
            }
            let manifest = builder.build().unwrap();
            let json = manifest.to_json().unwrap();
            let hash = ChunkHash::of(&json);
            chunks.insert(hash, json.into());
            manifests.push(Arc::new(manifest));
            let created = "2026-11-22T17:00:00Z";
            let release = Release::sign(&key, project.clone(), version, hash, created).unwrap();
            record = Some(Record::succeed(record.as_ref(), release));
        }
        Self { project, record: Arc::new(record.unwrap()), manifests, chunks }
    }

    /// The chunk of `index.html` of `version`.
    pub(crate) fn index(&self, version: u64) -> ChunkHash {
        self.manifests[version as usize - 1].chunks()[0]
    }

    pub(crate) fn manifest(&self, version: u64) -> ChunkHash {
        self.record.manifest_of(version).unwrap()
    }

    pub(crate) fn bytes(&self, hash: ChunkHash) -> Bytes {
        self.chunks[&hash].clone()
    }

    /// Answers what it is asked, chunks as `act` says.
    pub(crate) fn script(
        &self,
        act: impl Fn(Bytes) -> Do + Send + 'static,
    ) -> impl Fn(&ChunkAsk) -> Do + Send + 'static {
        let chunks = self.chunks.clone();
        move |ask| {
            let bytes = chunks[&ask.hash].clone();
            if ask.manifest { Do::Answer(bytes) } else { act(bytes) }
        }
    }
}

/// The relay and all that is around it.
pub(crate) struct World {
    pub(crate) site: TestSite,
    pub(crate) relay: Arc<Relay>,
    pub(crate) peers: Arc<FakePeers>,
    pub(crate) nodes: Arc<FakeNodes>,
    pub(crate) registry: Arc<FakeRegistry>,
}

impl World {
    pub(crate) fn new(versions: u64) -> Self {
        Self::with(versions, |_| {})
    }

    pub(crate) fn with(versions: u64, set: impl FnOnce(&mut RelayConfig)) -> Self {
        let site = TestSite::new(versions);
        let mut config = RelayConfig { cache_bytes: 0, ..RelayConfig::default() };
        set(&mut config);
        let (peers, nodes) = (Arc::<FakePeers>::default(), Arc::<FakeNodes>::default());
        let registry = Arc::new(FakeRegistry::new(site.record.clone()));
        let relay = Relay::new(config, registry.clone(), peers.clone(), nodes.clone(), DenyList::default());
        Self { site, relay, peers, nodes, registry }
    }

    /// A local peer that hosts all of `version`.
    pub(crate) fn host(&self, id: &str, version: u64, act: impl Fn(Bytes) -> Do + Send + 'static) -> Actor {
        let actor = Actor::of(Kind::Peer, id, self.site.script(act));
        self.peers.add(&actor.responder, version, Have::All);
        actor
    }

    /// Another node, whose peers have everything.
    pub(crate) fn node(&self, id: &str, act: impl Fn(Bytes) -> Do + Send + 'static) -> Actor {
        Actor::of(Kind::Node, id, self.site.script(act))
    }

    /// The newest `index.html`, by path.
    pub(crate) async fn index(&self) -> Result<Bytes, WireError> {
        self.path("index.html").await
    }

    /// The first chunk of a file.
    pub(crate) async fn path(&self, path: &str) -> Result<Bytes, WireError> {
        let path = crowd_protocol::RequestPath::parse(path).unwrap();
        let (_, ask) = self.relay.find_path(&self.site.project, &path, 0, None).await?;
        Ok(self.relay.fetch(ask.unwrap()).await?.bytes)
    }

    /// One chunk or manifest, by hash.
    pub(crate) async fn by_hash(&self, hash: ChunkHash) -> Result<Bytes, WireError> {
        let ask = self.relay.find_hash(&self.site.project, hash).await?;
        Ok(self.relay.fetch(ask).await?.bytes)
    }

    /// What another node would forward for the newest `index.html`.
    pub(crate) fn forwarded(&self) -> ChunkAsk {
        let (project, version) = (self.site.project.clone(), self.site.record.release.version);
        let hash = self.site.index(version);
        ChunkAsk { project, version, hash, size: SIZE as u32, manifest: false, exact: true }
    }

    /// Reads the manifest beforehand, from a peer that is gone again afterwards.
    pub(crate) async fn warm(self) -> Self {
        let _publisher = self.host("publisher", self.site.record.release.version, Do::Answer);
        self.relay.site(&self.site.project).await.unwrap();
        self.peers.clear();
        self
    }
}

struct FakeHost {
    responder: Arc<Responder>,
    version: u64,
    have: Have,
}

/// Picks the host with the lowest score; the first of equals.
#[derive(Default)]
pub(crate) struct FakePeers(Mutex<Vec<FakeHost>>);

impl FakePeers {
    pub(crate) fn add(&self, responder: &Arc<Responder>, version: u64, have: Have) {
        self.0.lock().unwrap().push(FakeHost { responder: responder.clone(), version, have });
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

impl LocalPeers for FakePeers {
    fn hosting(&self, _: &ProjectName) -> Hosting {
        Hosting { all: self.0.lock().unwrap().len() as u32, ..Hosting::default() }
    }

    fn versions(&self, _: &ProjectName) -> Vec<u64> {
        let mut versions: Vec<u64> = self.0.lock().unwrap().iter().map(|host| host.version).collect();
        versions.sort_unstable();
        versions.dedup();
        versions
    }

    fn projects(&self) -> Vec<ProjectName> {
        Vec::new()
    }

    fn pick(
        &self,
        _: &ProjectName,
        size: u32,
        has: &dyn Fn(u64, &Have) -> bool,
        asked: &[Arc<str>],
    ) -> Option<(Arc<Responder>, u64)> {
        let hosts = self.0.lock().unwrap();
        let fits = |host: &&FakeHost| !asked.contains(host.responder.id()) && has(host.version, &host.have);
        let score = |host: &&FakeHost| host.responder.score(size);
        let best = hosts.iter().filter(fits).min_by(|a, b| score(a).total_cmp(&score(b)))?;
        Some((best.responder.clone(), best.version))
    }
}

/// The other nodes: what is remembered of them, what the owners say, and what they say afresh.
#[derive(Default)]
pub(crate) struct FakeNodes {
    pub(crate) known: Mutex<Option<Vec<Arc<Responder>>>>,
    pub(crate) found: Mutex<Vec<Arc<Responder>>>,
    pub(crate) fresh: Mutex<Vec<Arc<Responder>>>,
    pub(crate) takes: Mutex<Duration>,
    /// Each lookup, true where it was afresh.
    pub(crate) lookups: Mutex<Vec<bool>>,
}

impl Nodes for FakeNodes {
    fn known_holders(&self, _: &ProjectName) -> Option<Vec<Arc<Responder>>> {
        self.known.lock().unwrap().clone()
    }

    fn holders<'a>(&'a self, _: &'a ProjectName, fresh: bool) -> BoxFuture<'a, Vec<Arc<Responder>>> {
        self.lookups.lock().unwrap().push(fresh);
        let takes = *self.takes.lock().unwrap();
        Box::pin(async move {
            sleep(takes).await;
            if fresh { self.fresh.lock().unwrap().clone() } else { self.found.lock().unwrap().clone() }
        })
    }

    fn hosting_elsewhere<'a>(&'a self, _: &'a ProjectName) -> BoxFuture<'a, Vec<Row>> {
        Box::pin(async { Vec::new() })
    }

    fn announce<'a>(&'a self, _: &'a ProjectName) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}

/// A registry with one name, that can be away.
pub(crate) struct FakeRegistry {
    pub(crate) record: Mutex<Arc<Record>>,
    pub(crate) away: Mutex<bool>,
    pub(crate) reads: AtomicU32,
    pub(crate) changes: broadcast::Sender<Change>,
}

impl FakeRegistry {
    fn new(record: Arc<Record>) -> Self {
        let (changes, _) = broadcast::channel(16);
        Self { record: Mutex::new(record), away: Mutex::new(false), reads: AtomicU32::new(0), changes }
    }

    pub(crate) fn reads(&self) -> u32 {
        self.reads.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Registry for FakeRegistry {
    fn id(&self) -> &str {
        "fake"
    }

    async fn get(&self, project: &ProjectName) -> Result<Option<Arc<Record>>, RegistryError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if *self.away.lock().unwrap() {
            return Err(RegistryError::Unavailable("scripted".into()));
        }
        let record = self.record.lock().unwrap().clone();
        Ok((record.release.project == *project).then_some(record))
    }

    async fn compare_and_set(&self, _: &Release, _: Option<u64>) -> Result<Outcome, RegistryError> {
        unreachable!("the relay only reads")
    }

    async fn watch(&self) -> Result<BoxStream<'static, Change>, RegistryError> {
        let changes = self.changes.subscribe();
        Ok(unfold(changes, |mut changes| async move { Some((changes.recv().await.ok()?, changes)) }).boxed())
    }

    async fn len(&self) -> Result<u64, RegistryError> {
        Ok(1)
    }
}
