//! Remembers that a registry did not answer, so that not every call has to find out for itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// For how long calls fail at once after one failed; then one of them tries.
const OPEN_FOR: Duration = Duration::from_millis(500);

/// Closed while calls succeed.
#[derive(Debug)]
pub struct Breaker {
    born: Instant,
    /// Milliseconds since `born` until which it is open; 0 where it is closed.
    open_until: AtomicU64,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { born: Instant::now(), open_until: AtomicU64::new(0) }
    }
}

impl Breaker {
    /// True where a call may be made. While it is open, one call in each [`OPEN_FOR`] may.
    pub fn allows(&self) -> bool {
        let until = self.open_until.load(Ordering::Acquire);
        if until == 0 {
            return true;
        }
        let now = self.now();
        let next = now + OPEN_FOR.as_millis() as u64;
        now >= until
            && self.open_until.compare_exchange(until, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// A call went through.
    pub fn succeeded(&self) {
        self.open_until.store(0, Ordering::Release);
    }

    /// A call did not.
    pub fn failed(&self) {
        self.open_until.store(self.now() + OPEN_FOR.as_millis() as u64, Ordering::Release);
    }

    fn now(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_a_failure_one_call_tries_for_all() {
        let breaker = Breaker::default();
        assert!(breaker.allows());
        breaker.failed();
        assert!(!breaker.allows());
        tokio::time::advance(OPEN_FOR).await;
        assert!(breaker.allows());
        assert!(!breaker.allows());
        breaker.succeeded();
        assert!(breaker.allows());
    }
}
