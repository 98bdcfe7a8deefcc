//! What a node remembers of releases and manifests: bounded, kept fresh by the registry's changes, and used as it was
//! last seen while the registry is out of reach.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crowd_protocol::{ChunkHash, ErrorCode, Manifest, ProjectName, WireError};
use crowd_registry::{Change, Record, Registry};
use crowd_trace::{Seldom, fail};
use futures_util::StreamExt;
use moka::sync::Cache;
use tokio::sync::broadcast;
use tokio::time::{sleep, timeout};
use tracing::Instrument;

use crate::RelayConfig;
use crate::spans::registry_span;

/// Releases remembered; some 500 bytes each.
const RECORDS: u64 = 100_000;
/// Changes that a slow listener may be behind before it is told that it missed some.
const CHANGES: usize = 1_024;
/// Between two tries to follow a registry that is out of reach.
const FOLLOW_AGAIN: Duration = Duration::from_millis(500);

/// Releases and manifests, by name and by hash.
#[derive(Debug)]
pub struct Catalog {
    records: Cache<ProjectName, Seen>,
    manifests: Cache<ChunkHash, Arc<Manifest>>,
    /// Raised when changes may have been missed: what was seen in an earlier epoch is asked for again.
    epoch: AtomicU64,
    following: AtomicBool,
    followed: AtomicBool,
    changes: broadcast::Sender<Change>,
    patience: Duration,
}

#[derive(Debug, Clone)]
struct Seen {
    record: Arc<Record>,
    epoch: u64,
}

impl Catalog {
    pub(crate) fn new(config: &RelayConfig) -> Self {
        let weigh =
            |_: &ChunkHash, manifest: &Arc<Manifest>| u32::try_from(manifest.weight()).unwrap_or(u32::MAX);
        Self {
            records: Cache::new(RECORDS),
            manifests: Cache::builder().max_capacity(config.manifest_bytes).weigher(weigh).build(),
            epoch: AtomicU64::new(0),
            following: AtomicBool::new(false),
            followed: AtomicBool::new(false),
            changes: broadcast::Sender::new(CHANGES),
            patience: config.registry,
        }
    }

    /// The newest release of `project` and those before it. `unknown_project` where there is none, `internal`
    /// where the registry is out of reach and the project was never seen.
    pub async fn record(
        &self,
        registry: &dyn Registry,
        project: &ProjectName,
    ) -> Result<Arc<Record>, WireError> {
        static GET_FAILED: Seldom = Seldom::new();
        let epoch = self.epoch.load(Ordering::Acquire);
        let seen = self.records.get(project);
        if let Some(seen) = &seen
            && seen.epoch == epoch
            && self.following.load(Ordering::Acquire)
        {
            return Ok(seen.record.clone());
        }
        let span = registry_span(project);
        match timeout(self.patience, registry.get(project)).instrument(span.clone()).await {
            Ok(Ok(Some(record))) => Ok(self.saw(record, epoch)),
            Ok(Ok(None)) => {
                Err(WireError::new(ErrorCode::UnknownProject, "nobody has published that project"))
            }
            failed => match seen {
                Some(seen) => Ok(seen.record),
                None => {
                    let why = match failed {
                        Ok(Err(error)) => error.to_string(),
                        _ => "it did not answer in time".to_owned(),
                    };
                    fail(&span, ErrorCode::Internal.as_str());
                    if let Some(unsaid) = GET_FAILED.pass() {
                        tracing::warn!(%project, why, unsaid, "registry.get_failed");
                    }
                    Err(WireError::new(
                        ErrorCode::Internal,
                        "the registry of names is out of reach; try again",
                    ))
                }
            },
        }
    }

    /// [`Catalog::record`], asked of the registry whatever was seen; `seen` where it cannot say.
    pub(crate) async fn refresh(
        &self,
        registry: &dyn Registry,
        project: &ProjectName,
        seen: Arc<Record>,
    ) -> Arc<Record> {
        let epoch = self.epoch.load(Ordering::Acquire);
        match timeout(self.patience, registry.get(project)).await {
            Ok(Ok(Some(record))) => self.saw(record, epoch),
            _ => seen,
        }
    }

    /// Takes a record that was read or committed. The newest one known is kept, and given back.
    pub(crate) fn saw(&self, record: Arc<Record>, epoch: u64) -> Arc<Record> {
        let project = record.release.project.clone();
        let entry = self.records.entry(project).and_upsert_with(|known| match known {
            Some(known) if known.value().record.release.version > record.release.version => {
                known.into_value()
            }
            _ => Seen { record, epoch },
        });
        entry.into_value().record
    }

    /// A release that this node just committed.
    pub(crate) fn committed(&self, record: Arc<Record>) {
        self.saw(record, self.epoch.load(Ordering::Acquire));
    }

    /// The record of `project` as it was seen last.
    pub(crate) fn seen(&self, project: &ProjectName) -> Option<Arc<Record>> {
        self.records.get(project).map(|seen| seen.record)
    }

    /// The newest version that was seen of `project`; 0 where none was.
    pub fn known_version(&self, project: &ProjectName) -> u64 {
        self.records.get(project).map_or(0, |seen| seen.record.release.version)
    }

    /// A manifest that is in memory.
    pub(crate) fn manifest(&self, hash: &ChunkHash, project: &ProjectName) -> Option<Arc<Manifest>> {
        self.manifests.get(hash).filter(|manifest| manifest.project() == project)
    }

    pub(crate) fn keep_manifest(&self, hash: ChunkHash, manifest: Arc<Manifest>) {
        self.manifests.insert(hash, manifest);
    }

    /// Every change that this node hears of, from now on; [`Change::Missed`] stands for all that is none of a record.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Follows the registry's changes for as long as it is polled.
    pub(crate) async fn follow(&self, registry: &dyn Registry) {
        loop {
            match registry.watch().await {
                Ok(mut changes) => {
                    self.back();
                    while let Some(change) = changes.next().await {
                        match change {
                            Change::Committed(record) => {
                                self.committed(record.clone());
                                // Nobody listening is fine.
                                let _ = self.changes.send(Change::Committed(record));
                            }
                            Change::Missed => self.missed(),
                            Change::Lost => self.lost(),
                            Change::Back => self.back(),
                        }
                    }
                    self.lost();
                    tracing::warn!("registry.watch_ended");
                }
                Err(error) => tracing::debug!(%error, "registry.watch_failed"),
            }
            sleep(FOLLOW_AGAIN).await;
        }
    }

    /// True while changes are heard of as they happen.
    pub fn is_following(&self) -> bool {
        self.following.load(Ordering::Acquire)
    }

    /// True once changes were heard of, whether or not they are now.
    pub fn has_followed(&self) -> bool {
        self.followed.load(Ordering::Acquire)
    }

    fn back(&self) {
        self.missed();
        self.followed.store(true, Ordering::Release);
        self.following.store(true, Ordering::Release);
    }

    fn lost(&self) {
        self.following.store(false, Ordering::Release);
        self.missed();
    }

    fn missed(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        let _ = self.changes.send(Change::Missed);
    }
}
