//! Keeps what strangers can cause a thousand times a second from filling the log.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Between two lines of the same kind.
const EVERY: Duration = Duration::from_secs(10);

/// Lets one line through and counts those that follow soon after. For a `static` beside the line.
#[derive(Debug)]
pub struct Seldom {
    every: Duration,
    began: OnceLock<Instant>,
    /// Milliseconds since it began, from which on the next line may come.
    next: AtomicU64,
    held_back: AtomicU64,
}

impl Seldom {
    /// Lets a line through every ten seconds.
    pub const fn new() -> Self {
        Self::every(EVERY)
    }

    /// Lets a line through every so often.
    pub const fn every(every: Duration) -> Self {
        Self { every, began: OnceLock::new(), next: AtomicU64::new(0), held_back: AtomicU64::new(0) }
    }

    /// None where the line is to be held back; else how many were since the last that was not.
    pub fn pass(&self) -> Option<u64> {
        self.pass_at(Instant::now())
    }

    fn pass_at(&self, now: Instant) -> Option<u64> {
        let began = *self.began.get_or_init(|| now);
        let now = now.saturating_duration_since(began).as_millis() as u64;
        let next = self.next.load(Ordering::Relaxed);
        let then = now + self.every.as_millis() as u64;
        let first = now >= next
            && self.next.compare_exchange(next, then, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if first {
            return Some(self.held_back.swap(0, Ordering::Relaxed));
        }
        self.held_back.fetch_add(1, Ordering::Relaxed);
        None
    }
}

impl Default for Seldom {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_comes_through_and_the_next_says_how_many_did_not() {
        let (seldom, began) = (Seldom::new(), Instant::now());
        assert_eq!(seldom.pass_at(began), Some(0));
        for ms in [0, 1, 9_999] {
            assert_eq!(seldom.pass_at(began + Duration::from_millis(ms)), None);
        }
        assert_eq!(seldom.pass_at(began + EVERY), Some(3));
        assert_eq!(seldom.pass_at(began + EVERY), None);
        assert_eq!(seldom.pass_at(began + 10 * EVERY), Some(1));
    }
}
