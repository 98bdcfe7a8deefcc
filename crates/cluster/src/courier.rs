//! Delivers to one other node what the directory has to say to it: one task, one message at a time, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crowd_directory::{Effect, Hosting, NodeName};
use crowd_protocol::ProjectName;
use crowd_rpc::v1::directory_client::DirectoryClient;
use crowd_rpc::{MAX_MESSAGE, MAX_ROWS_A_MESSAGE, v1};
use futures_util::stream;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::timeout;
use tonic::Status;

use crate::dialer::{Dialer, Wire};
use crate::shared_directory::SharedDirectory;
use crate::wire::announced_row;

/// Messages that wait for one node. When it is full the directory is told, which makes a sync of it.
const QUEUE: usize = 1_024;
/// An announcement that takes longer has failed: whoever waits for it is told so, and it is synced later.
const DEADLINE: Duration = Duration::from_secs(1);
/// A sync may be of many rows.
const SYNC_DEADLINE: Duration = Duration::from_secs(20);

type Rows = Vec<(ProjectName, Hosting)>;

/// The queue towards one node.
#[derive(Debug)]
pub(crate) struct Courier {
    queue: mpsc::Sender<Errand>,
    outstanding: Arc<AtomicUsize>,
}

#[derive(Debug)]
enum Errand {
    Deliver(Effect),
    /// Answered once everything before it was delivered, or could not be.
    Fence(oneshot::Sender<()>),
}

impl Courier {
    /// The queue, and the run that works it off.
    pub(crate) fn new(to: NodeName, address: Arc<str>, tools: Tools) -> (Self, CourierRun) {
        let (queue, errands) = mpsc::channel(QUEUE);
        let outstanding = Arc::new(AtomicUsize::new(0));
        let run = CourierRun { to, address, errands, outstanding: outstanding.clone(), tools };
        (Self { queue, outstanding }, run)
    }

    /// Takes a message, or not where the queue is full.
    pub(crate) fn deliver(&self, effect: Effect) -> bool {
        self.push(Errand::Deliver(effect))
    }

    /// Resolves once what was taken until now was delivered or could not be; none where that is so already.
    pub(crate) fn fence(&self) -> Option<oneshot::Receiver<()>> {
        if self.outstanding.load(Ordering::Acquire) == 0 {
            return None;
        }
        let (done, fence) = oneshot::channel();
        self.push(Errand::Fence(done)).then_some(fence)
    }

    fn push(&self, errand: Errand) -> bool {
        self.outstanding.fetch_add(1, Ordering::AcqRel);
        let refused = self.queue.try_send(errand).err();
        if refused.is_some() {
            self.outstanding.fetch_sub(1, Ordering::AcqRel);
        }
        if matches!(refused, Some(TrySendError::Full(_))) {
            metrics::counter!("crowd_queue_full_total", "queue" => "announcements").increment(1);
        }
        refused.is_none()
    }
}

/// What all couriers share.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) directory: Arc<SharedDirectory>,
    pub(crate) dialer: Dialer,
    /// How many syncs may run at once: after a change of a large ring there is one for every node.
    pub(crate) syncs: Arc<Semaphore>,
}

/// The task behind a [`Courier`].
pub(crate) struct CourierRun {
    to: NodeName,
    address: Arc<str>,
    errands: mpsc::Receiver<Errand>,
    outstanding: Arc<AtomicUsize>,
    tools: Tools,
}

impl CourierRun {
    /// Works the queue off until its node is gone.
    pub(crate) async fn run(mut self) {
        let mut next = self.errands.recv().await;
        while let Some(errand) = next.take() {
            let (mut rows, mut taken) = (Rows::new(), 1);
            match errand {
                // The sender may have gone.
                Errand::Fence(done) => drop(done.send(())),
                Errand::Deliver(Effect::Announce { rows: first, .. }) => {
                    rows.extend(first);
                    // One message for all announcements that wait.
                    while rows.len() < MAX_ROWS_A_MESSAGE {
                        match self.errands.try_recv() {
                            Ok(Errand::Deliver(Effect::Announce { rows: more, .. })) => {
                                rows.extend(more);
                                taken += 1;
                            }
                            Ok(other) => {
                                next = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    let delivered = self.announce(rows).await;
                    self.settle("announce", delivered, &mut next);
                }
                Errand::Deliver(Effect::Sync { rows, .. }) => {
                    let delivered = self.sync(rows).await;
                    self.settle("sync", delivered, &mut next);
                }
                Errand::Deliver(Effect::Renew { digest, .. }) => {
                    let delivered = self.renew(digest).await;
                    self.settle("renew", delivered, &mut next);
                }
            }
            self.outstanding.fetch_sub(taken, Ordering::AcqRel);
            if next.is_none() {
                next = self.errands.recv().await;
            }
        }
    }

    async fn announce(&self, rows: Rows) -> Result<(), Status> {
        for rows in rows.chunks(MAX_ROWS_A_MESSAGE) {
            let request = v1::AnnounceRequest { rows: rows.iter().map(announced_row).collect() };
            let mut client = self.client()?;
            let reply = in_time(DEADLINE, client.announce(request)).await?;
            self.note_refused(reply.refused);
        }
        Ok(())
    }

    async fn sync(&self, rows: Rows) -> Result<(), Status> {
        let _turn = self.tools.syncs.acquire().await.map_err(|_| Status::cancelled("shutting down"))?;
        let parts: Vec<_> = rows
            .chunks(MAX_ROWS_A_MESSAGE)
            .map(|rows| v1::SyncPart { rows: rows.iter().map(announced_row).collect() })
            .collect();
        drop(rows);
        let mut client = self.client()?;
        let reply = in_time(SYNC_DEADLINE, client.sync(stream::iter(parts))).await?;
        self.note_refused(reply.refused);
        Ok(())
    }

    async fn renew(&self, digest: u64) -> Result<(), Status> {
        let mut client = self.client()?;
        let reply = in_time(DEADLINE, client.renew(v1::RenewRequest { digest })).await?;
        self.tools.directory.with(|directory, _| directory.renewal(&self.to, reply.ok));
        Ok(())
    }

    /// Where a message did not arrive, drops those that wait too: all they say is in the sync that follows.
    fn settle(&mut self, kind: &'static str, delivered: Result<(), Status>, next: &mut Option<Errand>) {
        let outcome = if delivered.is_ok() { "delivered" } else { "failed" };
        metrics::counter!("crowd_directory_deliveries_total", "kind" => kind, "outcome" => outcome)
            .increment(1);
        let Err(status) = delivered else { return };
        tracing::debug!(to = %self.to, kind, %status, "directory.delivery_failed");
        let waiting =
            next.take().is_some() as usize + std::iter::from_fn(|| self.errands.try_recv().ok()).count();
        self.outstanding.fetch_sub(waiting, Ordering::AcqRel);
        self.tools.directory.with(|directory, _| directory.failed(&self.to));
    }

    fn note_refused(&self, refused: u64) {
        if refused > 0 {
            tracing::warn!(owner = %self.to, refused, "directory.rows_refused");
        }
    }

    fn client(&self) -> Result<DirectoryClient<Wire>, Status> {
        let wire = self.tools.dialer.shared(&self.address);
        let wire = wire.map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(DirectoryClient::new(wire).max_decoding_message_size(MAX_MESSAGE))
    }
}

async fn in_time<T>(
    limit: Duration,
    call: impl Future<Output = Result<tonic::Response<T>, Status>>,
) -> Result<T, Status> {
    let reply =
        timeout(limit, call).await.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time")));
    reply.map(tonic::Response::into_inner)
}
