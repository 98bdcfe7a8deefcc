//! The end of a node's life, in order: no longer ready, peers sent away, open answers ended, the cluster left.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::parts::Parts;
use crate::{Config, Life};

/// How often a leaving node looks whether its peers are gone.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long the sessions that are still open may take to end: their last words need two seconds, and whom they do not get
/// to tell in that time learns that this node leaves.
const CLOSING: Duration = Duration::from_secs(3);

/// The listeners for the world, and what ends them.
pub(crate) struct Doors {
    pub(crate) tasks: JoinSet<anyhow::Result<()>>,
    /// Answers are the last of their connections from now on.
    pub(crate) leaving: CancellationToken,
    /// No connection is taken any more, and those that are open end with their answers.
    pub(crate) closed: CancellationToken,
}

/// A node that leaves.
pub(crate) struct Drain<'a> {
    pub(crate) parts: &'a Parts,
    pub(crate) config: &'a Config,
    /// How long it serves on before it sends its peers away.
    pub(crate) delay: Duration,
    pub(crate) life: &'a watch::Sender<Life>,
}

impl Drain<'_> {
    /// Returns when nobody needs this node any more, or has to go without it: after the delay, the grace, and the few
    /// seconds that closing the last sessions and leaving the cluster take.
    pub(crate) async fn run(self, mut doors: Doors) {
        let &Config { goaway_spread, grace, .. } = self.config;
        let go = Instant::now() + self.delay;
        let end = go + grace;
        self.parts.start_leaving();
        doors.leaving.cancel();
        self.tell(end);
        // Whoever sends visitors here has to notice first.
        sleep_until(go).await;
        self.parts.sessions.drain();
        // By then every peer was told to have moved, and nobody new is to come.
        self.peers_gone((go + goaway_spread).min(end), end).await;
        doors.closed.cancel();
        let answered = async { while doors.tasks.join_next().await.is_some() {} };
        let (answered, ()) = tokio::join!(timeout_at(end, answered), self.peers_gone(end, end));
        if answered.is_err() {
            tracing::warn!(grace = ?grace, "drain.answers_cut_off");
        }
        doors.tasks.shutdown().await;
        if !self.parts.sessions.close(CLOSING).await {
            tracing::warn!(limit = ?CLOSING, "drain.sessions_cut_off");
        }
        self.parts.cluster.leave().await;
    }

    /// Waits until no peer is left, but not after `until`.
    async fn peers_gone(&self, until: Instant, end: Instant) {
        while self.parts.sessions.count() > 0 && Instant::now() < until {
            sleep(LOOK_AGAIN).await;
            self.tell(end);
        }
    }

    fn tell(&self, end: Instant) {
        let left = end.saturating_duration_since(Instant::now());
        self.life.send_replace(Life::Leaving { peers: self.parts.sessions.count(), left });
    }
}
