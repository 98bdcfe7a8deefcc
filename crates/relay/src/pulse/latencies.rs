//! How long things took, in buckets that are a quarter of an octave wide: what several nodes count can be added up, and
//! a quantile of the sum is right to an eighth.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// From one microsecond to two minutes.
pub const LATENCY_BUCKETS: usize = 104;
/// Buckets of an octave, as a power of two.
const SPLIT: u32 = 2;

/// Counts by bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latencies([u32; LATENCY_BUCKETS]);

impl Default for Latencies {
    fn default() -> Self {
        Self([0; LATENCY_BUCKETS])
    }
}

impl Latencies {
    /// The buckets that have any: which, and how many.
    pub fn counts(&self) -> impl Iterator<Item = (usize, u32)> {
        self.0.iter().copied().enumerate().filter(|(_, count)| *count > 0)
    }

    /// Adds `count` to a bucket; one past the last is the last.
    pub fn add(&mut self, bucket: usize, count: u32) {
        let bucket = &mut self.0[bucket.min(LATENCY_BUCKETS - 1)];
        *bucket = bucket.saturating_add(count);
    }

    /// Adds everything of another.
    pub fn merge(&mut self, other: &Self) {
        other.counts().for_each(|(bucket, count)| self.add(bucket, count));
    }

    /// What the part `q` of all, 0 to 1, did not take longer than; none where there is nothing.
    pub fn quantile(&self, q: f64) -> Option<Duration> {
        let all: u64 = self.0.iter().map(|count| u64::from(*count)).sum();
        let rank = ((all as f64 * q).ceil() as u64).max(1);
        let mut passed = 0;
        let bucket = self.0.iter().position(|count| {
            passed += u64::from(*count);
            passed >= rank
        });
        bucket.map(middle)
    }
}

/// [`Latencies`] that everybody may count into.
#[derive(Debug)]
pub(super) struct AtomicLatencies([AtomicU32; LATENCY_BUCKETS]);

impl Default for AtomicLatencies {
    fn default() -> Self {
        Self([const { AtomicU32::new(0) }; LATENCY_BUCKETS])
    }
}

impl AtomicLatencies {
    pub(super) fn add(&self, took: Duration) {
        self.0[bucket_of(took)].fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn wipe(&self) {
        self.0.iter().for_each(|count| count.store(0, Ordering::Relaxed));
    }

    pub(super) fn read(&self) -> Latencies {
        Latencies(std::array::from_fn(|at| self.0[at].load(Ordering::Relaxed)))
    }
}

fn bucket_of(took: Duration) -> usize {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    if micros < 1 << SPLIT {
        return micros as usize;
    }
    let octave = micros.ilog2();
    let part = (micros >> (octave - SPLIT)) & ((1 << SPLIT) - 1);
    let bucket = (u64::from(octave - SPLIT + 1) << SPLIT) + part;
    (bucket as usize).min(LATENCY_BUCKETS - 1)
}

/// The middle of a bucket.
fn middle(bucket: usize) -> Duration {
    let (octave, part) = (bucket as u64 >> SPLIT, bucket as u64 & ((1 << SPLIT) - 1));
    let nanos = match octave.checked_sub(1) {
        None => part * 1_000 + 500,
        Some(shift) => {
            let width = 1_000u64 << shift;
            ((1 << SPLIT) + part) * width + width / 2
        }
    };
    Duration::from_nanos(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_never_off_by_more_than_an_eighth() {
        let mut last = 0;
        for micros in
            std::iter::successors(Some(1u64), |n| Some(n + n / 32 + 1)).take_while(|n| *n < 100_000_000)
        {
            let bucket = bucket_of(Duration::from_micros(micros));
            assert!(bucket == last || bucket == last + 1, "{micros}: {bucket} after {last}");
            last = bucket;
            let off = middle(bucket).as_secs_f64() * 1e6 / micros as f64 - 1.0;
            assert!(off.abs() <= 0.125 || micros < 4, "{micros}: {off}");
        }
        assert_eq!(bucket_of(Duration::MAX), LATENCY_BUCKETS - 1);
    }

    #[test]
    fn quantiles_of_a_sum_are_those_of_all() {
        let (fast, slow) = (AtomicLatencies::default(), AtomicLatencies::default());
        (0..98).for_each(|_| fast.add(Duration::from_millis(1)));
        (0..2).for_each(|_| slow.add(Duration::from_secs(1)));
        let mut both = fast.read();
        both.merge(&slow.read());
        assert_eq!(Latencies::default().quantile(0.5), None);
        let at = |q| both.quantile(q).unwrap().as_secs_f64();
        assert!(at(0.5) < 0.0012 && at(0.98) < 0.0012, "{} {}", at(0.5), at(0.98));
        assert!((0.87..1.13).contains(&at(0.99)), "{}", at(0.99));
    }
}
