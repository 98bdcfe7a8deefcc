//! So many a second, and as many at once after a while without.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SECOND: u64 = 1_000_000_000;

/// Counts tokens by the time at which the last one that was taken will have come back.
#[derive(Debug)]
pub(crate) struct Bucket {
    began: Instant,
    /// Nanoseconds between two tokens; none where there never is one.
    every: Option<u64>,
    /// Nanoseconds since it began at which it is full again.
    full_at: AtomicU64,
}

impl Bucket {
    pub(crate) fn new(per_second: u32) -> Self {
        let every = SECOND.checked_div(per_second.into());
        Self { began: Instant::now(), every, full_at: AtomicU64::new(0) }
    }

    /// True where there was a token.
    pub(crate) fn take(&self) -> bool {
        self.take_at(self.began.elapsed())
    }

    fn take_at(&self, since_began: Duration) -> bool {
        let Some(every) = self.every else { return false };
        let now = u64::try_from(since_began.as_nanos()).unwrap_or(u64::MAX / 2);
        let after = |full_at: u64| {
            let after = full_at.max(now) + every;
            (after <= now + SECOND.max(every)).then_some(after)
        };
        self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(bucket: &Bucket, at: Duration) -> usize {
        (0..100).filter(|_| bucket.take_at(at)).count()
    }

    #[test]
    fn there_are_so_many_a_second_and_no_more_are_saved() {
        let bucket = Bucket::new(10);
        assert_eq!(taken(&bucket, Duration::ZERO), 10);
        assert_eq!(taken(&bucket, Duration::from_millis(99)), 0);
        assert_eq!(taken(&bucket, Duration::from_millis(300)), 3);
        assert_eq!(taken(&bucket, Duration::from_secs(60)), 10);
    }

    #[test]
    fn an_empty_bucket_stays_empty() {
        let bucket = Bucket::new(0);
        assert_eq!(taken(&bucket, Duration::from_secs(60)), 0);
        assert!(!bucket.take());
    }
}
