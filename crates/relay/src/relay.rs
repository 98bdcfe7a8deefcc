//! The relay itself: what sessions, the gateway and cluster links call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crowd_directory::{Hosting, Row};
use crowd_protocol::{
    ChunkHash, ErrorCode, FileInfo, MAX_CHUNK, MAX_MANIFEST, Manifest, ProjectName, RequestPath, TraceParent,
    WireError,
};
use crowd_registry::{Record, Registry};
use crowd_trace::{Door, context_of, link};
use tokio::time::{Duration, timeout};
use tracing::{Instrument, Span};

use crate::cache::ChunkCache;
use crate::counts::COUNTS;
use crate::door::Doors;
use crate::flights::Flights;
use crate::hedges::HedgeBudget;
use crate::race::{ask_only, race, wrong_length};
use crate::spans::{fetch_span, tell_fetched};
use crate::{
    BoxFuture, Catalog, Chunk, ChunkAsk, DenyList, LocalPeers, Nodes, Pulse, RelayConfig, Responder, Room,
    Scope, Site,
};

/// How long a search for the older release that lists a hash may take.
const OLDER_SEARCH: Duration = Duration::from_millis(500);

/// What makes two requests equal. The scope is part of it: a forwarded request that waited for one that may itself
/// be waiting on the forwarding node would wait for ever. So is the size: it is what room is reserved for, and two
/// manifests may disagree on it.
type FlightKey = (Scope, ProjectName, ChunkHash, u32);

/// What came of a flight, and the place in a trace of who began it, where that is recorded.
type Landed = (Option<TraceParent>, Result<Chunk, WireError>);

/// Finds, asks, verifies, fails over, caches.
pub struct Relay {
    pub(crate) config: RelayConfig,
    pub(crate) peers: Arc<dyn LocalPeers>,
    pub(crate) nodes: Arc<dyn Nodes>,
    pub(crate) hedges: HedgeBudget,
    doors: Doors,
    registry: Arc<dyn Registry>,
    catalog: Catalog,
    cache: ChunkCache,
    flights: Arc<Flights<FlightKey, Landed>>,
    /// Room for chunks.
    room: Room,
    /// Room for manifests. A chunk that has its room may have to wait for a manifest; had both the same room, requests
    /// could hold all of it and wait for each other.
    manifest_room: Room,
    deny: DenyList,
    answered: AtomicU64,
    answered_bytes: AtomicU64,
    pulse: Arc<Pulse>,
}

impl Relay {
    /// A relay between `peers` and `nodes`, for the releases of `registry` that `deny` does not forbid.
    pub fn new(
        config: RelayConfig,
        registry: Arc<dyn Registry>,
        peers: Arc<dyn LocalPeers>,
        nodes: Arc<dyn Nodes>,
        deny: DenyList,
    ) -> Arc<Self> {
        let pulse = Arc::new(Pulse::default());
        Arc::new(Self {
            catalog: Catalog::new(&config),
            cache: ChunkCache::new(config.cache_bytes),
            flights: Arc::default(),
            room: Room::new(config.room_bytes / 4 * 3, config.room_wait, "chunks"),
            manifest_room: Room::new(config.room_bytes / 4, config.room_wait, "manifests"),
            hedges: HedgeBudget::default(),
            doors: Doors::new(&pulse),
            config,
            peers,
            nodes,
            registry,
            deny,
            answered: AtomicU64::new(0),
            answered_bytes: AtomicU64::new(0),
            pulse,
        })
    }

    /// Follows the registry's changes, for as long as it is polled.
    pub async fn follow(&self) {
        self.catalog.follow(&*self.registry).await;
    }

    /// What is known of releases.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The durable names.
    pub fn registry(&self) -> &Arc<dyn Registry> {
        &self.registry
    }

    /// The other nodes.
    pub fn nodes(&self) -> &Arc<dyn Nodes> {
        &self.nodes
    }

    /// `blocked` where the operator does not carry `project`.
    pub fn allowed(&self, project: &ProjectName) -> Result<(), WireError> {
        self.deny.check(project)
    }

    /// Where requests that were answered are counted.
    pub fn doors(&self) -> &Doors {
        &self.doors
    }

    /// The parts of the rooms for chunks and for manifests that are taken, 0 to 1.
    pub fn room_used(&self) -> (f64, f64) {
        (self.room.used(), self.manifest_room.used())
    }

    /// Entries and bytes in the chunk cache, about.
    pub fn cache_size(&self) -> (u64, u64) {
        self.cache.size()
    }

    /// True where a chunk that was fetched once is likely to be here for the next request.
    pub fn keeps_chunks(&self) -> bool {
        self.cache.is_on()
    }

    /// Chunks that this node handed out since it started, and their bytes.
    pub fn traffic(&self) -> (u64, u64) {
        (self.answered.load(Ordering::Relaxed), self.answered_bytes.load(Ordering::Relaxed))
    }

    /// What went on within the last minute.
    pub fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Entries of the list of what this node does not carry.
    pub fn denied(&self) -> usize {
        self.deny.len()
    }

    /// The newest release: `blocked`, `unknown_project`, or `internal` where the registry is out of reach.
    pub async fn record(&self, project: &ProjectName) -> Result<Arc<Record>, WireError> {
        self.allowed(project)?;
        self.catalog.record(&*self.registry, project).await
    }

    /// [`Relay::record`], asked of the registry anew where `version` is newer than what was seen: another node may
    /// have told somebody of it before this one heard.
    pub async fn record_with(&self, project: &ProjectName, version: u64) -> Result<Arc<Record>, WireError> {
        let record = self.record(project).await?;
        if record.release.version >= version {
            return Ok(record);
        }
        Ok(self.catalog.refresh(&*self.registry, project, record).await)
    }

    /// How many peers host `project`, in the whole cluster.
    pub async fn peers_of(&self, project: &ProjectName) -> u64 {
        let (here, elsewhere) = self.hosting_of(project).await;
        let hosting = elsewhere.iter().map(|row| &row.hosting).chain([&here]);
        hosting.map(|hosting| u64::from(hosting.all) + u64::from(hosting.part)).sum()
    }

    /// What is hosted of `project`: by this node's peers, and by those of each other node that has any.
    pub async fn hosting_of(&self, project: &ProjectName) -> (Hosting, Vec<Row>) {
        (self.peers.hosting(project), self.nodes.hosting_elsewhere(project).await)
    }

    /// The newest release with its manifest, which is fetched where it is not in memory.
    pub async fn site(self: &Arc<Self>, project: &ProjectName) -> Result<Site, WireError> {
        let record = self.record(project).await?;
        let version = record.release.version;
        let manifest = self.manifest(&record, version, Scope::Cluster).await?;
        Ok(Site { record, manifest })
    }

    /// Finds one chunk of a file by its path; none where the file is empty and there is nothing to fetch.
    /// `stale_version` where `version` is given and not the newest.
    pub async fn find_path(
        self: &Arc<Self>,
        project: &ProjectName,
        path: &RequestPath,
        at: u32,
        version: Option<u64>,
    ) -> Result<(FileInfo, Option<ChunkAsk>), WireError> {
        let record = self.record_with(project, version.unwrap_or_default()).await?;
        let newest = record.release.version;
        if version.is_some_and(|version| version != newest) {
            return Err(WireError::new(ErrorCode::StaleVersion, format!("the newest version is {newest}")));
        }
        let manifest = self.manifest(&record, newest, Scope::Cluster).await?;
        let site = Site { record, manifest };
        let found = site.find(path)?;
        let info = site.info(&found, at);
        if found.file.size == 0 && at == 0 {
            return Ok((info, None));
        }
        Ok((info, Some(site.ask(found.file, at)?)))
    }

    /// Finds one chunk, or a manifest, by its hash: `not_found` where no release of the project lists it.
    pub async fn find_hash(
        self: &Arc<Self>,
        project: &ProjectName,
        hash: ChunkHash,
    ) -> Result<ChunkAsk, WireError> {
        let record = self.record(project).await?;
        self.place(&record, hash).await
    }

    /// Gets what was found, from wherever in the cluster it is. `bad_manifest` where an exact chunk has another
    /// length than its manifest says.
    pub async fn fetch(self: &Arc<Self>, ask: ChunkAsk) -> Result<Chunk, WireError> {
        let project = ask.project.clone();
        let chunk = self.fetch_fitting(ask).await?;
        self.pulse.carried(&project, chunk.bytes.len());
        Ok(chunk)
    }

    async fn fetch_fitting(self: &Arc<Self>, ask: ChunkAsk) -> Result<Chunk, WireError> {
        let (exact, size) = (ask.exact, ask.size);
        let chunk = self.cast_once(ask.clone(), Scope::Cluster).await;
        match chunk.and_then(|chunk| fit(chunk, exact, size)) {
            // By its hash a chunk is served however long it is: the manifest is wrong, not the bytes.
            Err(error) if error.code == ErrorCode::BadManifest && !exact && (size as usize) < MAX_CHUNK => {
                let ask = ChunkAsk { size: MAX_CHUNK as u32, ..ask };
                fit(self.cast_once(ask, Scope::Cluster).await?, exact, MAX_CHUNK as u32)
            }
            outcome => outcome,
        }
    }

    /// What another node forwarded: asked of this node's peers only.
    pub async fn forwarded(self: &Arc<Self>, ask: ChunkAsk) -> Result<Chunk, WireError> {
        self.allowed(&ask.project)?;
        if ask.size as usize > MAX_MANIFEST {
            return Err(WireError::new(ErrorCode::TooLarge, "no chunk or manifest is that large"));
        }
        let (exact, size) = (ask.exact, ask.size);
        fit(self.cast_once(ask, Scope::Local).await?, exact, size)
    }

    /// The manifest of a release that `publisher` is about to publish: asked of it and nobody else, verified,
    /// valid, and kept.
    pub async fn manifest_of_publisher(
        &self,
        publisher: Arc<Responder>,
        ask: &ChunkAsk,
    ) -> Result<Arc<Manifest>, WireError> {
        let _room = self.manifest_room.reserve(ask.size).await?;
        let bytes = ask_only(publisher, ask, self.config.no_progress).await.map_err(|error| WireError {
            message: format!("the manifest could not be had: {}", error.message).into(),
            ..error
        })?;
        let manifest = Arc::new(Manifest::parse(&bytes, &ask.project)?);
        self.catalog.keep_manifest(ask.hash, manifest.clone());
        Ok(manifest)
    }

    /// A release was committed through this node.
    pub fn committed(&self, record: Arc<Record>) {
        self.catalog.committed(record);
    }

    /// The manifest of `version`, where it is in memory.
    pub fn known_manifest(&self, record: &Record, version: u64) -> Option<Arc<Manifest>> {
        self.catalog.manifest(&record.manifest_of(version)?, &record.release.project)
    }

    /// The manifest of `version`, from memory or from a host of it within `scope`.
    pub async fn manifest(
        self: &Arc<Self>,
        record: &Record,
        version: u64,
        scope: Scope,
    ) -> Result<Arc<Manifest>, WireError> {
        let project = &record.release.project;
        let hash = record
            .manifest_of(version)
            .ok_or_else(|| WireError::new(ErrorCode::NotFound, "no such version is known"))?;
        if let Some(manifest) = self.catalog.manifest(&hash, project) {
            return Ok(manifest);
        }
        let size = MAX_MANIFEST as u32;
        let ask = ChunkAsk { project: project.clone(), version, hash, size, manifest: true, exact: false };
        let chunk = self.cast_once(ask, scope).await?;
        if let Some(manifest) = self.catalog.manifest(&hash, project) {
            return Ok(manifest);
        }
        let manifest = Arc::new(Manifest::parse(&chunk.bytes, project)?);
        self.catalog.keep_manifest(hash, manifest.clone());
        Ok(manifest)
    }

    /// Finds the release that lists `hash`: those whose manifests are in memory first.
    async fn place(self: &Arc<Self>, record: &Record, hash: ChunkHash) -> Result<ChunkAsk, WireError> {
        let release = &record.release;
        let known = std::iter::once((release.version, release.manifest))
            .chain(record.older.iter().map(|older| (older.version, older.manifest)));
        let ask = |version, size, manifest| ChunkAsk {
            project: release.project.clone(),
            version,
            hash,
            size,
            manifest,
            exact: false,
        };
        let mut unread = Vec::new();
        for (version, manifest) in known {
            if manifest == hash {
                return Ok(ask(version, MAX_MANIFEST as u32, true));
            }
            match self.catalog.manifest(&manifest, &release.project) {
                Some(manifest) if !manifest.numbers_of(&hash).is_empty() => {
                    return Ok(ask(version, size_of_chunk(&manifest, &hash), false));
                }
                Some(_) => {}
                None => unread.push(version),
            }
        }
        let lists = async |version| -> Result<Option<ChunkAsk>, WireError> {
            let manifest = self.manifest(record, version, Scope::Cluster).await?;
            let listed = !manifest.numbers_of(&hash).is_empty();
            Ok(listed.then(|| ask(version, size_of_chunk(&manifest, &hash), false)))
        };
        // The newest manifest has the time that any chunk has: without it nobody can say that the hash is in none.
        if unread.first() == Some(&release.version) {
            unread.remove(0);
            if let Some(found) = lists(release.version).await? {
                return Ok(found);
            }
        }
        // The older ones, which may be nowhere any more, share a bounded search.
        let search = async {
            for version in unread {
                if let Ok(Some(found)) = lists(version).await {
                    return Some(found);
                }
            }
            None
        };
        let found = timeout(OLDER_SEARCH, search).await.unwrap_or_default();
        found.ok_or_else(|| WireError::new(ErrorCode::NotFound, "no release of the project lists that hash"))
    }

    async fn cast_once(self: &Arc<Self>, ask: ChunkAsk, scope: Scope) -> Result<Chunk, WireError> {
        let span = fetch_span(&ask);
        let fetched = self.from_anywhere(ask, scope, &span).instrument(span.clone()).await;
        tell_fetched(&span, &fetched);
        let chunk = fetched?;
        self.answered.fetch_add(1, Ordering::Relaxed);
        self.answered_bytes.fetch_add(chunk.bytes.len() as u64, Ordering::Relaxed);
        Ok(chunk)
    }

    async fn from_anywhere(
        self: &Arc<Self>,
        ask: ChunkAsk,
        scope: Scope,
        span: &Span,
    ) -> Result<Chunk, WireError> {
        let Some(bytes) = self.cache.get(&ask.hash) else {
            span.record("crowd.cache", "miss");
            return self.share(ask, scope, span).await;
        };
        span.record("crowd.cache", "hit");
        // The cache may drop it while it waits for a slow reader, so it takes room like any other answer.
        let room = self.room.reserve(bytes.len() as u32).await?;
        Ok(Chunk::new(bytes, Some(Arc::new(room))))
    }

    /// The sessioncast that is in flight for the same, or a new one.
    async fn share(self: &Arc<Self>, ask: ChunkAsk, scope: Scope, span: &Span) -> Result<Chunk, WireError> {
        let key = (scope, ask.project.clone(), ask.hash, ask.size);
        let start = || -> BoxFuture<'static, Landed> {
            let cast = self.clone().cast(ask.clone(), scope);
            let trace = if span.is_none() { None } else { context_of(span) };
            let here = Door::here();
            Box::pin(async move { (trace, here.run(cast).await) })
        };
        let (flight, joined) = self.flights.join(key.clone(), start);
        if joined {
            COUNTS.shared.increment(1);
        }
        let (trace, outcome) = flight.await;
        span.record("crowd.shared", joined);
        if joined && let Some(trace) = trace {
            link(span, trace);
        }
        match outcome {
            // It may have looked for peers before there was the one that this requester knows of.
            Err(error) if joined && error.code == ErrorCode::NoPeer => {
                self.flights.join(key, start).0.await.1
            }
            outcome => outcome,
        }
    }

    /// One sessioncast, with its room and its place in the cache.
    async fn cast(self: Arc<Self>, ask: ChunkAsk, scope: Scope) -> Result<Chunk, WireError> {
        let room = if ask.manifest { &self.manifest_room } else { &self.room };
        let room = room.reserve(ask.size).await?;
        let bytes = race(&self, &ask, scope).await?;
        // Manifests are kept parsed; their bytes would push chunks out.
        if self.cache.is_on() && !ask.manifest && bytes.len() <= MAX_CHUNK {
            self.cache.insert(ask.hash, &bytes);
        }
        Ok(Chunk::new(bytes, Some(Arc::new(room))))
    }

    /// True where what another node answers will be kept here, and so is hashed again first.
    pub(crate) fn distrusts_nodes(&self, ask: &ChunkAsk) -> bool {
        self.cache.is_on() || ask.manifest
    }
}

/// `bad_manifest` where `chunk` is longer than `size`, or `exact` and shorter.
fn fit(chunk: Chunk, exact: bool, size: u32) -> Result<Chunk, WireError> {
    let (len, size) = (chunk.bytes.len(), size as usize);
    if len > size || (exact && len < size) {
        return Err(wrong_length());
    }
    Ok(chunk)
}

/// The most bytes that a chunk of this manifest may have.
fn size_of_chunk(manifest: &Manifest, hash: &ChunkHash) -> u32 {
    let number = manifest.numbers_of(hash).first().copied().unwrap_or_default();
    let files = manifest.files();
    let at = files.partition_point(|file| file.chunks.end <= number);
    files.get(at).map_or(manifest.chunk_size(), |file| manifest.chunk_len(file, number - file.chunks.start))
}
