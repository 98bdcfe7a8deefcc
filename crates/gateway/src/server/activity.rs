//! Whether a connection still does something: what ends those that neither ask nor read.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// A connection without a request is closed after this long.
const IDLE: Duration = Duration::from_secs(60);
/// The first request has to be here after this long.
const FIRST_REQUEST: Duration = Duration::from_secs(20);
/// An answer that makes no step for this long has a client that doesn't read; fetching gives up earlier by itself.
const STALLED: Duration = Duration::from_secs(120);

/// When something last happened on a connection, and how much is under way.
#[derive(Debug)]
pub(crate) struct Activity {
    born: Instant,
    /// Milliseconds since `born`.
    last: AtomicU64,
    requests: AtomicU64,
    open: AtomicUsize,
    leaving: AtomicBool,
    multiplexed: AtomicBool,
}

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            born: Instant::now(),
            last: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            open: AtomicUsize::new(0),
            leaving: AtomicBool::new(false),
            multiplexed: AtomicBool::new(false),
        })
    }

    /// A request came in; `multiplexed` where others may be on their way beside it, as in HTTP/2.
    pub(crate) fn begin(self: &Arc<Self>, multiplexed: bool) -> InFlight {
        self.multiplexed.store(multiplexed, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        self.step();
        InFlight(self.clone())
    }

    /// The node leaves: who asks again is to ask another.
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// True for HTTP/2, which tells its clients by itself which of their requests are not answered.
    pub(crate) fn is_multiplexed(&self) -> bool {
        self.multiplexed.load(Ordering::Relaxed)
    }

    /// Since when no request is open, or since it was opened; none while one is.
    pub(crate) fn resting_since(&self) -> Option<Instant> {
        (self.open.load(Ordering::Relaxed) == 0).then(|| self.born + self.last())
    }

    /// True where the connection is only held.
    pub(crate) fn is_idle(&self) -> bool {
        let patience = match (self.open.load(Ordering::Relaxed), self.requests.load(Ordering::Relaxed)) {
            (0, 0) => FIRST_REQUEST,
            (0, _) => IDLE,
            _ => STALLED,
        };
        self.born.elapsed().saturating_sub(self.last()) >= patience
    }

    fn last(&self) -> Duration {
        Duration::from_millis(self.last.load(Ordering::Relaxed))
    }

    fn step(&self) {
        self.last.store(self.born.elapsed().as_millis() as u64, Ordering::Relaxed);
    }
}

/// A request that is being answered, until its body has been sent or dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Activity>);

impl InFlight {
    /// True where its connection is to end with it.
    pub(crate) fn is_last(&self) -> bool {
        self.0.leaving.load(Ordering::Relaxed)
    }

    /// It got on.
    pub(crate) fn step(&self) {
        self.0.step();
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        self.0.step();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    #[tokio::test(start_paused = true)]
    async fn who_neither_asks_nor_reads_is_idle() {
        let activity = Activity::new();
        advance(FIRST_REQUEST - Duration::from_millis(1)).await;
        assert!(!activity.is_idle());
        advance(Duration::from_millis(1)).await;
        assert!(activity.is_idle());

        let request = activity.begin(false);
        advance(STALLED / 2).await;
        request.step();
        advance(STALLED / 2).await;
        assert!(!activity.is_idle());
        advance(STALLED / 2).await;
        assert!(activity.is_idle());

        drop(request);
        assert!(!activity.is_idle());
        advance(IDLE).await;
        assert!(activity.is_idle());
    }
}
