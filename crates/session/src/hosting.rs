//! What a peer hosts, changed in the order in which it says so: publish, host, have, unhost.

use std::collections::HashSet;
use std::sync::Arc;

use crowd_protocol::{ErrorCode, Have, MAX_MANIFEST, NodeMessage, ProjectName, Release, WireError};
use crowd_registry::Record;
use crowd_relay::{ChunkAsk, Relay, Scope};
use crowd_trace::{Asker, Door, fail};
use tracing::Span;
use tracing::field::Empty;

use crate::RequestOrigin;
use crate::peer::Peer;
use crate::publish::publish;
use crate::request::refuse;
use crate::table::PeerTable;

/// A change that a peer asks for.
#[derive(Debug)]
pub(crate) enum Change {
    Publish { id: u64, release: Release, have: Option<Have> },
    Host { id: u64, project: ProjectName, version: u64, have: Have },
    Have { project: ProjectName, version: u64, chunks: Vec<u32> },
    Unhost { id: u64, project: ProjectName },
}

/// What the changes of one connection work on.
#[derive(Clone)]
pub(crate) struct Changes {
    pub(crate) relay: Arc<Relay>,
    pub(crate) table: Arc<PeerTable>,
    pub(crate) peer: Arc<Peer>,
    pub(crate) origin: RequestOrigin,
}

impl Change {
    /// The project that it is about.
    pub(crate) fn project(&self) -> &ProjectName {
        match self {
            Self::Publish { release, .. } => &release.project,
            Self::Host { project, .. } | Self::Have { project, .. } | Self::Unhost { project, .. } => project,
        }
    }

    /// What it is called in spans.
    fn as_str(&self) -> &'static str {
        match self {
            Self::Publish { .. } => "publish",
            Self::Host { .. } => "host",
            Self::Have { .. } => "have",
            Self::Unhost { .. } => "unhost",
        }
    }

    /// True where the peer awaits an answer.
    pub(crate) fn is_awaited(&self) -> bool {
        !matches!(self, Self::Have { .. })
    }
}

impl Changes {
    /// Carries one change out, and gives the answer where there is one.
    pub(crate) async fn apply(self, change: Change) -> Option<NodeMessage> {
        let door = Door::open(None, Asker::Stranger, || {
            tracing::info_span!(
                "session.change",
                otel.kind = "server",
                crowd.change = change.as_str(),
                crowd.peer = %self.peer.id(),
                crowd.project = change.project().as_str(),
                error.type = Empty,
                otel.status_code = Empty,
            )
        });
        door.run(self.apply_in_place(change)).await
    }

    async fn apply_in_place(self, change: Change) -> Option<NodeMessage> {
        let (id, done) = match change {
            Change::Have { project, version, chunks } => {
                self.table.add_chunks(&self.peer, &project, version, &chunks);
                return None;
            }
            Change::Publish { id, release, have } => (id, self.publish(release, have).await),
            Change::Host { id, project, version, have } => (id, self.host(project, version, have).await),
            Change::Unhost { id, project } => {
                if self.table.unhost(&self.peer, &project) {
                    self.relay.nodes().announce(&project).await;
                }
                (id, Ok(()))
            }
        };
        Some(match done {
            Ok(()) => NodeMessage::Ok { id },
            Err(error) => {
                if error.code.is_failure() {
                    fail(&Span::current(), error.code.as_str());
                }
                refuse(Some(id), &error)
            }
        })
    }

    async fn publish(&self, release: Release, have: Option<Have>) -> Result<(), WireError> {
        let published = match self.origin.may_publish() {
            true => publish(self, release, have).await,
            false => Err(not_allowed("a page of a project may not publish")),
        };
        let outcome = published.as_ref().err().map_or("ok", |error| error.code.as_str());
        metrics::counter!("crowd_publishes_total", "outcome" => outcome).increment(1);
        published
    }

    async fn host(&self, project: ProjectName, version: u64, have: Have) -> Result<(), WireError> {
        match &self.origin {
            RequestOrigin::Project(own) if *own != project => {
                return Err(not_allowed("a page of a project may host that project only"));
            }
            RequestOrigin::Opaque => return Err(not_allowed("a page without an origin may not host")),
            _ => {}
        }
        let record = self.relay.record_with(&project, version).await?;
        let newest = record.release.version;
        if version == 0 || version > newest {
            let why = format!("version {version} is unknown; the newest is {newest}");
            return Err(WireError::new(ErrorCode::NotFound, why));
        }
        if let Have::Bits(bits) = &have
            && let Some(chunks) = self.chunks_of(&record, version).await?
            && !bits.fits(chunks)
        {
            return Err(wrong_bits(chunks));
        }
        self.start_hosting(&project, version, have).await;
        if version < newest {
            self.table.tell(&self.peer, &project, newest);
        }
        Ok(())
    }

    /// Puts the peer into the table and tells the cluster.
    pub(crate) async fn start_hosting(&self, project: &ProjectName, version: u64, have: Have) {
        self.table.host(&self.peer, project, version, have);
        self.relay.nodes().announce(project).await;
    }

    /// How many chunks a release has; none where it is so old that its manifest is not known any more.
    async fn chunks_of(&self, record: &Record, version: u64) -> Result<Option<usize>, WireError> {
        let Some(hash) = record.manifest_of(version) else { return Ok(None) };
        let project = record.release.project.clone();
        if let Some(manifest) = self.relay.known_manifest(record, version) {
            return Ok(Some(manifest.chunks().len()));
        }
        // Whoever hosts has the manifest, so this very peer can be asked; and if it does not answer, the others.
        let size = MAX_MANIFEST as u32;
        let ask = ChunkAsk { project, version, hash, size, manifest: true, exact: false };
        let manifest = match self.relay.manifest_of_publisher(self.peer.responder.clone(), &ask).await {
            Ok(manifest) => manifest,
            Err(_) => self.relay.manifest(record, version, Scope::Cluster).await?,
        };
        Ok(Some(manifest.chunks().len()))
    }
}

fn not_allowed(why: &'static str) -> WireError {
    WireError::new(ErrorCode::NotAllowed, why)
}

pub(crate) fn wrong_bits(chunks: usize) -> WireError {
    let why = format!("a bit field over {chunks} chunks has exactly {} bytes", chunks.div_ceil(8));
    WireError::new(ErrorCode::BadMessage, why)
}

/// The projects that a connection hosts or watches: what has to be undone when it ends.
#[derive(Debug, Default)]
pub(crate) struct Involved(HashSet<ProjectName>);

impl Involved {
    pub(crate) fn add(&mut self, project: ProjectName) {
        self.0.insert(project);
    }

    pub(crate) fn remove(&mut self, project: &ProjectName) {
        self.0.remove(project);
    }

    /// `not_allowed` where `project` would be one more than `max`.
    pub(crate) fn check(&self, project: &ProjectName, max: usize) -> Result<(), WireError> {
        if self.0.len() < max || self.0.contains(project) {
            return Ok(());
        }
        Err(WireError::new(ErrorCode::NotAllowed, format!("one connection hosts and watches {max} projects")))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &ProjectName> {
        self.0.iter()
    }
}
