//! All sessions of a node: accepts connections, counts them, tells them of updates, and sends them away at the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crowd_registry::Change;
use crowd_relay::Relay;
use http::{Request, Response, StatusCode};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::SessionConfig;
use crate::actor::Actor;
use crate::handshake::{RequestOrigin, answer};
use crate::peer::Peer;
use crate::table::PeerTable;

/// The sessions of one node.
#[derive(Clone)]
pub struct Sessions(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: SessionConfig,
    pub(crate) relay: Arc<Relay>,
    pub(crate) table: Arc<PeerTable>,
    /// Cancelled when the node begins to leave: peers are told to go.
    pub(crate) draining: CancellationToken,
    /// Cancelled when it is over: what is open is closed.
    pub(crate) closing: CancellationToken,
    tasks: TaskTracker,
    count: AtomicUsize,
    next: AtomicU64,
}

impl Sessions {
    /// No sessions yet. `table` is the one that `relay` picks its local peers from.
    pub fn new(config: SessionConfig, relay: Arc<Relay>, table: Arc<PeerTable>) -> Self {
        Self(Arc::new(Inner {
            config,
            relay,
            table,
            draining: CancellationToken::new(),
            closing: CancellationToken::new(),
            tasks: TaskTracker::new(),
            count: AtomicUsize::new(0),
            next: AtomicU64::new(rand::random::<u32>().into()),
        }))
    }

    /// Answers an upgrade request: 101 and a session, or an error status with one line that says why.
    pub fn accept<B>(&self, mut request: Request<B>, origin: RequestOrigin) -> Response<&'static str> {
        let count = |outcome: &'static str| {
            metrics::counter!("crowd_handshakes_total", "outcome" => outcome).increment(1);
        };
        let refuse = |outcome, status: StatusCode, why: &'static str| {
            count(outcome);
            let mut response = Response::new(why);
            *response.status_mut() = status;
            response
        };
        let response = match answer(&request) {
            Ok(response) => response,
            Err((status, why)) => return refuse("refused", status, why),
        };
        if self.0.draining.is_cancelled() {
            return refuse(
                "leaving",
                StatusCode::SERVICE_UNAVAILABLE,
                "this node is leaving; connect to another",
            );
        }
        let Some(place) = Place::take(&self.0) else {
            return refuse("full", StatusCode::SERVICE_UNAVAILABLE, "this node has no room for more peers");
        };
        count("accepted");
        let upgrade = hyper::upgrade::on(&mut request);
        let sessions = self.0.clone();
        self.0.tasks.spawn(async move {
            let _place = place;
            match upgrade.await {
                Ok(upgraded) => {
                    let id = sessions.next.fetch_add(1, Ordering::Relaxed);
                    let peer = Arc::new(Peer::new(format!("{}-{id:x}", sessions.config.node).into()));
                    Actor::new(sessions, peer, origin, upgraded).await.run().await;
                }
                Err(error) => tracing::debug!(%error, "session.upgrade_failed"),
            }
        });
        response.map(|()| "")
    }

    /// How many peers are connected.
    pub fn count(&self) -> usize {
        self.0.count.load(Ordering::Relaxed)
    }

    /// How many may be.
    pub fn limit(&self) -> usize {
        self.0.config.max_peers
    }

    /// Passes the registry's changes on to who watches, for as long as it is polled.
    pub async fn follow_updates(&self) {
        let Inner { relay, table, .. } = &*self.0;
        let mut changes = relay.catalog().changes();
        loop {
            match changes.recv().await {
                Ok(Change::Committed(record)) => {
                    table.updated(&record.release.project, record.release.version);
                }
                Ok(Change::Missed | Change::Lost | Change::Back) | Err(RecvError::Lagged(_)) => {
                    for project in table.followed() {
                        if let Ok(record) = relay.record(&project).await {
                            table.updated(&project, record.release.version);
                        }
                    }
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Sends every peer away, each after another wait. New connections are refused from now on.
    pub fn drain(&self) {
        self.0.draining.cancel();
    }

    /// Closes what is still open and waits until every session has ended, but for `limit` at most: while an owner of
    /// what they hosted hangs, telling the cluster takes longer. False where some have not ended.
    pub async fn close(&self, limit: Duration) -> bool {
        self.0.draining.cancel();
        self.0.closing.cancel();
        self.0.tasks.close();
        timeout(limit, self.0.tasks.wait()).await.is_ok()
    }
}

/// One of the connections that a node may have.
struct Place(Arc<Inner>);

impl Place {
    fn take(sessions: &Arc<Inner>) -> Option<Self> {
        let max = sessions.config.max_peers;
        let more = |count| (count < max).then_some(count + 1);
        sessions.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        metrics::gauge!("crowd_sessions").increment(1);
        Some(Self(sessions.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("crowd_sessions").decrement(1);
    }
}
