//! The one thread that writes. Claims that arrive while it waits for the disk are committed together, so a burst of
//! publishes costs few fsyncs; each still gets its own answer, and watchers hear of a commit before its claimant does.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crowd_protocol::Release;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::store::Store;
use crate::{Change, Outcome, RegistryError};

/// Claims that wait for the disk, of at most a kilobyte each; further claimants wait for room.
const CLAIM_QUEUE: usize = 256;
/// Claims in one transaction: all that can wait.
const MAX_GROUP: usize = CLAIM_QUEUE;
/// Between attempts to reopen a store that failed: a claimant waits no longer than this for its error.
const REOPEN_PAUSE: Duration = Duration::from_millis(500);

/// One compare-and-set, and who waits for it.
pub(crate) struct Claim {
    pub(crate) release: Release,
    pub(crate) expected: Option<u64>,
    answer: oneshot::Sender<Result<Outcome, RegistryError>>,
}

impl Claim {
    pub(crate) fn new(
        release: Release,
        expected: Option<u64>,
    ) -> (Self, oneshot::Receiver<Result<Outcome, RegistryError>>) {
        let (answer, answered) = oneshot::channel();
        (Self { release, expected, answer }, answered)
    }
}

/// Hands claims to the thread. Dropping it waits until those already handed over are written.
pub(crate) struct Writer {
    claims: Option<mpsc::Sender<Claim>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn spawn(
        store: Arc<Store>,
        changes: broadcast::Sender<Change>,
    ) -> Result<Self, RegistryError> {
        let (claims, waiting) = mpsc::channel(CLAIM_QUEUE);
        let thread = std::thread::Builder::new()
            .name("registry-writer".into())
            .spawn(move || run(&store, waiting, &changes))
            .map_err(|error| RegistryError::Storage(format!("no thread to write with: {error}")))?;
        Ok(Self { claims: Some(claims), thread: Some(thread) })
    }

    pub(crate) async fn claim(
        &self,
        release: &Release,
        expected: Option<u64>,
    ) -> Result<Outcome, RegistryError> {
        // The thread ends early only by a panic.
        let stopped = || RegistryError::Storage("its writer has stopped: restart the node".into());
        let (claim, answered) = Claim::new(release.clone(), expected);
        let claims = self.claims.as_ref().ok_or_else(stopped)?;
        claims.send(claim).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.claims = None;
        let Some(thread) = self.thread.take() else { return };
        // It may be pausing before it tries the disk again.
        thread.thread().unpark();
        if thread.join().is_err() {
            tracing::error!("registry.writer_panicked");
        }
    }
}

fn run(store: &Store, mut waiting: mpsc::Receiver<Claim>, changes: &broadcast::Sender<Change>) {
    let mut group = Vec::with_capacity(MAX_GROUP);
    while waiting.blocking_recv_many(&mut group, MAX_GROUP) > 0 {
        let outcomes = store.commit(&group);
        let failure = outcomes.as_ref().err().cloned();
        answer(&mut group, outcomes, changes);
        if let Some(error) = failure {
            tracing::error!(%error, "registry.commit_failed");
            recover(store, &mut waiting);
            // A commit that failed may have reached the disk all the same. Nobody watching is fine, as below.
            let _ = changes.send(Change::Missed);
        }
    }
}

/// Reopens the store, as often as it takes. Who claims meanwhile is told so at the next attempt.
fn recover(store: &Store, waiting: &mut mpsc::Receiver<Claim>) {
    while let Err(error) = store.reopen() {
        tracing::error!(%error, "registry.reopening_failed");
        while let Ok(claim) = waiting.try_recv() {
            let _ = claim.answer.send(Err(RegistryError::Unavailable(error.to_string())));
        }
        if waiting.is_closed() {
            return;
        }
        std::thread::park_timeout(REOPEN_PAUSE);
    }
    tracing::warn!("registry.reopened");
}

fn answer(
    group: &mut Vec<Claim>,
    outcomes: Result<Vec<Result<Outcome, RegistryError>>, RegistryError>,
    changes: &broadcast::Sender<Change>,
) {
    let outcomes = outcomes.unwrap_or_else(|error| vec![Err(error); group.len()]);
    for outcome in &outcomes {
        if let Ok(Outcome::Committed(record)) = outcome {
            let _ = changes.send(Change::Committed(record.clone()));
        }
    }
    for (claim, outcome) in group.drain(..).zip(outcomes) {
        // A claimant that left meanwhile can still `get` what became of it.
        let _ = claim.answer.send(outcome);
    }
}
