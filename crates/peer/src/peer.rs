//! The handle of a peer: what a program does with a cluster. Cheap to clone; the last one to go closes the peer.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{
    Answer, ChunkHash, ErrorCode, FileInfo, Have, MAX_AWAITING, NodeMessage, PeerMessage, ProjectName,
    Release, RequestPath, TraceParent, Want,
};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::actor::Actor;
use crate::command::Command;
use crate::dial::{Dialed, Dialer};
use crate::shared::Shared;
use crate::spans::{request_door, tell};
use crate::stats::Counters;
use crate::{ChunkStore, Connection, Event, PeerConfig, PeerError, Stats};

/// Commands between handles and actor; each waits for its turn.
const COMMANDS: usize = 64;
/// Events kept for a listener that is slow.
const EVENTS: usize = 256;
/// Messages awaiting answers: fewer than a node takes, which leaves room for what the peer says of itself.
const IN_FLIGHT: usize = MAX_AWAITING * 3 / 4;
/// Chunk numbers in one `have`: each takes at most 6 bytes of a text frame's 65,536.
const HAVE_BATCH: usize = 4_096;
/// How long to wait where a node that says `rate_limited` doesn't say.
const SLOW_DOWN: Duration = Duration::from_millis(500);

/// The newest release of a project.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Its signature holds, and it is of the project that was asked for.
    pub release: Release,
    /// How many peers host the project, in the whole cluster.
    pub peers: u64,
}

/// What to publish.
#[derive(Clone)]
pub struct Publication {
    /// The signed release.
    pub release: Release,
    /// Where its manifest is, which the node asks for, and its chunks.
    pub store: Arc<dyn ChunkStore>,
    /// Hosts it in the same step.
    pub have: Option<Have>,
    /// For clusters where publishing needs one.
    pub token: Option<String>,
}

/// One chunk of a file that was asked for by its path.
#[derive(Debug, Clone)]
pub struct FileChunk {
    /// What the node says of the file.
    pub info: FileInfo,
    /// The hash of `bytes`.
    pub sha256: ChunkHash,
    /// The chunk.
    pub bytes: Bytes,
}

/// A peer of a cluster.
#[derive(Clone)]
pub struct Peer {
    commands: mpsc::Sender<Command>,
    in_flight: Arc<Semaphore>,
    shared: Arc<Shared>,
    request_timeout: Duration,
}

impl Peer {
    /// Connects to the first of the configured nodes that welcomes it. From then on the connection heals itself;
    /// the error of the last node tried where none does.
    pub async fn connect(config: PeerConfig) -> Result<Self, PeerError> {
        let dialer = Arc::new(Dialer::new(&config));
        let first = dial_first(&dialer, &config).await?;
        let shared = Arc::new(Shared {
            ids: AtomicU64::new(1),
            events: broadcast::Sender::new(EVENTS),
            connection: watch::Sender::new(Some(first.connection.clone())),
            counters: Counters::default(),
            cancel: CancellationToken::new(),
        });
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let request_timeout = config.request_timeout;
        let mut actor = Actor::new(config, dialer, Arc::clone(&shared), receiver);
        // Before anyone can listen: the first connection is no event.
        actor.install(first);
        tokio::spawn(actor.run());
        Ok(Self { commands, in_flight: Arc::new(Semaphore::new(IN_FLIGHT)), shared, request_timeout })
    }

    /// The newest release of a project, its signature verified. Whether its owner is who it was is for [`crate::Pins`].
    pub async fn resolve(&self, project: &ProjectName) -> Result<Resolved, PeerError> {
        let message = |id| PeerMessage::Resolve { id, project: project.clone() };
        match self.ask("resolve", message, None).await? {
            NodeMessage::Release { release, peers, .. } if release.project == *project => {
                release.verify()?;
                Ok(Resolved { release, peers })
            }
            _ => Err(PeerError::OddAnswer { what: "resolve" }),
        }
    }

    /// Publishes a release. The node asks this peer for the manifest, which `store` must have, before it answers.
    pub async fn publish(&self, publication: Publication) -> Result<(), PeerError> {
        let Publication { release, store, have, token } = publication;
        let message = |id| PeerMessage::Publish {
            id,
            release: release.clone(),
            token: token.clone(),
            have: have.clone(),
        };
        self.done("publish", message, Some(store)).await
    }

    /// Hosts a project: from now on this peer answers for its chunks, after reconnections too.
    pub async fn host(
        &self,
        project: &ProjectName,
        version: u64,
        have: Have,
        store: Arc<dyn ChunkStore>,
    ) -> Result<(), PeerError> {
        let message = |id| PeerMessage::Host { id, project: project.clone(), version, have: have.clone() };
        self.done("host", message, Some(store)).await
    }

    /// More chunks are here, of a version that is hosted.
    pub async fn have(&self, project: &ProjectName, version: u64, chunks: &[u32]) -> Result<(), PeerError> {
        for batch in chunks.chunks(HAVE_BATCH) {
            let message = PeerMessage::Have { project: project.clone(), version, chunks: batch.to_vec() };
            let command = Command { message, store: None, reply: None };
            self.commands.send(command).await.map_err(|_| PeerError::Closed)?;
        }
        Ok(())
    }

    /// No longer hosts a project, nor watches it.
    pub async fn unhost(&self, project: &ProjectName) -> Result<(), PeerError> {
        let message = |id| PeerMessage::Unhost { id, project: project.clone() };
        self.done("unhost", message, None).await
    }

    /// Asks for [`Event::Updated`] of a project, which may not exist yet. Hosting a project does, too.
    pub async fn watch(&self, project: &ProjectName) -> Result<(), PeerError> {
        let message = |id| PeerMessage::Watch { id, project: project.clone() };
        self.done("watch", message, None).await
    }

    /// One chunk of a file as the node's newest release has it. The bytes have the hash that the node says; that the
    /// file is made of them is the node's word, unlike with [`crate::Site`].
    pub async fn request_path(
        &self,
        project: &ProjectName,
        path: &RequestPath,
        chunk: u32,
        version: Option<u64>,
    ) -> Result<FileChunk, PeerError> {
        let want = Want::Path { path: path.clone(), chunk };
        let Answer { sha256, file, body, .. } = self.request(project, want, version, None).await?;
        let info = file.ok_or(PeerError::OddAnswer { what: "request" })?;
        Ok(FileChunk { info, sha256, bytes: body })
    }

    /// The chunk, or manifest, with this hash: verified.
    pub async fn request_hash(&self, project: &ProjectName, hash: &ChunkHash) -> Result<Bytes, PeerError> {
        Ok(self.request(project, Want::Hash(*hash), None, None).await?.body)
    }

    /// A `request` as the protocol has it; `traceparent` (W3C) is the trace that it is part of, by default that of the
    /// current span. The body is hashed here.
    pub async fn request(
        &self,
        project: &ProjectName,
        want: Want,
        version: Option<u64>,
        traceparent: Option<String>,
    ) -> Result<Answer, PeerError> {
        let trace = traceparent.as_deref().and_then(TraceParent::parse);
        let door = request_door(project, &want, trace);
        // As it was given where nobody traces here.
        let traceparent = door.place().map(|here| here.to_string()).or(traceparent);
        let message = |id| PeerMessage::Request {
            id,
            project: project.clone(),
            want: want.clone(),
            version,
            traceparent: traceparent.clone(),
        };
        let answer = door.run(self.ask("request", message, None)).await;
        let answer = answer.and_then(|answer| verified(answer, &want));
        tell(door.span(), &answer);
        answer
    }

    /// Asks the node whether it is there.
    pub async fn ping(&self) -> Result<(), PeerError> {
        self.done("ping", |id| PeerMessage::Ping { id }, None).await
    }

    /// What happens from now on; a listener that falls 256 behind loses the oldest.
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.events.subscribe()
    }

    /// The connection that stands now, if one does.
    pub fn connection(&self) -> Option<Connection> {
        self.shared.connection.borrow().clone()
    }

    /// The connection as it changes.
    pub fn connections(&self) -> watch::Receiver<Option<Connection>> {
        self.shared.connection.subscribe()
    }

    /// Totals since the start.
    pub fn stats(&self) -> Stats {
        self.shared.counters.snapshot()
    }

    /// Closes the connection and ends the peer, for all its handles.
    pub async fn close(&self) {
        self.shared.cancel.cancel();
        self.commands.closed().await;
    }

    async fn done(
        &self,
        what: &'static str,
        message: impl Fn(u64) -> PeerMessage,
        store: Option<Arc<dyn ChunkStore>>,
    ) -> Result<(), PeerError> {
        match self.ask(what, message, store).await? {
            NodeMessage::Ok { .. } => Ok(()),
            _ => Err(PeerError::OddAnswer { what }),
        }
    }

    /// Sends a message and waits for its answer, however many connections and `rate_limited` that takes, until the
    /// deadline.
    async fn ask(
        &self,
        what: &'static str,
        message: impl Fn(u64) -> PeerMessage,
        store: Option<Arc<dyn ChunkStore>>,
    ) -> Result<NodeMessage, PeerError> {
        let deadline = Instant::now() + self.request_timeout;
        let asking = async {
            loop {
                let permit = self.in_flight.acquire().await.map_err(|_| PeerError::Closed)?;
                let (reply, answer) = oneshot::channel();
                let message = message(self.shared.next_id());
                let command = Command { message, store: store.clone(), reply: Some(reply) };
                self.commands.send(command).await.map_err(|_| PeerError::Closed)?;
                let error = match answer.await.map_err(|_| PeerError::Closed)? {
                    Ok(message) => return Ok(message),
                    Err(error) => error,
                };
                drop(permit);
                if error.code != ErrorCode::RateLimited {
                    return Err(error.into());
                }
                // Everyone who was told the same wait should not come back in the same moment.
                let wait = error.retry_after_ms.map_or(SLOW_DOWN, Duration::from_millis);
                sleep(wait.mul_f64(rand::random_range(1.0..1.25))).await;
            }
        };
        let seconds = self.request_timeout.as_secs();
        timeout_at(deadline, asking).await.map_err(|_| PeerError::Timeout { what, seconds })?
    }
}

/// A `response` whose body is what was wanted, or at least what it says.
fn verified(answer: NodeMessage, want: &Want) -> Result<Answer, PeerError> {
    let NodeMessage::Response(answer) = answer else {
        return Err(PeerError::OddAnswer { what: "request" });
    };
    let wanted = match want {
        Want::Hash(hash) => *hash,
        Want::Path { .. } => answer.sha256,
    };
    let found = ChunkHash::of(&answer.body);
    if found == wanted { Ok(answer) } else { Err(PeerError::WrongHash { wanted, found }) }
}

async fn dial_first(dialer: &Dialer, config: &PeerConfig) -> Result<Dialed, PeerError> {
    let nothing = || PeerError::BadUrl { text: String::new(), why: "no node was named".to_owned() };
    let mut failed = None;
    for url in &config.urls {
        match dialer.dial(url).await {
            Ok(dialed) => return Ok(dialed),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(nothing))
}
