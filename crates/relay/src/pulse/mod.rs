//! What went on here within the last minute, second by second: for people who look, not for counting. It costs a
//! request 0.1 to 0.2 microseconds.

mod busiest;
mod latencies;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crowd_protocol::{ErrorCode, ProjectName};
use tokio::time::Instant;

use self::busiest::Busiest;
pub use self::busiest::{BUSIEST, BusyProject};
use self::latencies::AtomicLatencies;
pub use self::latencies::{LATENCY_BUCKETS, Latencies};

/// Seconds that are told.
pub const PULSE_SECONDS: usize = 60;
/// Those, the one that is under way, and some before the next one that begins wipes the oldest.
const SLOTS: usize = 64;

/// What a visitor may hear though nothing was wrong with the request: the cluster's fault, or nobody was there. What the
/// visitor got wrong is no failure.
const FAILURES: [ErrorCode; 5] = [
    ErrorCode::NoPeer,
    ErrorCode::Timeout,
    ErrorCode::RateLimited,
    ErrorCode::Internal,
    ErrorCode::BadManifest,
];

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asker {
    /// By a WebSocket or HTTP.
    Visitor,
    /// Another node, for its visitors.
    Node,
}

/// One second.
#[derive(Debug, Clone, Default)]
pub struct Second {
    /// Requests of visitors that were answered.
    pub answers: u64,
    /// Those that should have been, and were not.
    pub failures: u64,
    /// Bytes of content that went out to visitors.
    pub bytes: u64,
    /// Requests of other nodes that were answered.
    pub lent: u64,
    /// How long the answers took.
    pub latencies: Latencies,
}

/// The last minute of one node.
#[derive(Debug)]
pub struct Pulse {
    born: Instant,
    slots: Box<[Slot]>,
    busiest: Busiest,
}

#[derive(Debug, Default)]
struct Slot {
    /// Which second it is of, counted from 1.
    second: AtomicU64,
    answers: AtomicU64,
    failures: AtomicU64,
    bytes: AtomicU64,
    lent: AtomicU64,
    latencies: AtomicLatencies,
}

impl Default for Pulse {
    fn default() -> Self {
        let slots = (0..SLOTS).map(|_| Slot::default()).collect();
        Self { born: Instant::now(), slots, busiest: Busiest::default() }
    }
}

impl Pulse {
    /// A request was answered after it `took` so long; a refusal has its code.
    pub(crate) fn answered(&self, asker: Asker, took: Duration, refused: Option<&str>) {
        let slot = self.slot(Instant::now());
        match (asker, refused) {
            (Asker::Visitor, None) => {
                slot.answers.fetch_add(1, Ordering::Relaxed);
                slot.latencies.add(took);
            }
            (Asker::Visitor, Some(code)) => {
                let fails = FAILURES.iter().any(|failure| failure.as_str() == code);
                slot.failures.fetch_add(u64::from(fails), Ordering::Relaxed);
            }
            (Asker::Node, None) => _ = slot.lent.fetch_add(1, Ordering::Relaxed),
            // The node that asked counts it, if nobody else has it either.
            (Asker::Node, Some(_)) => {}
        }
    }

    /// So many bytes of `project` go out to a visitor.
    pub(crate) fn carried(&self, project: &ProjectName, bytes: usize) {
        let (now, bytes) = (Instant::now(), bytes as u64);
        self.slot(now).bytes.fetch_add(bytes, Ordering::Relaxed);
        self.busiest.add(project, bytes, now.saturating_duration_since(self.born));
    }

    /// The last [`PULSE_SECONDS`] seconds that are over, the oldest first.
    pub fn seconds(&self) -> Vec<Second> {
        let now = self.second(Instant::now());
        let seconds = (1..=PULSE_SECONDS as u64).rev().map(|ago| now.saturating_sub(ago));
        seconds.map(|second| self.slots[second as usize % SLOTS].read(second)).collect()
    }

    /// The projects with the most answers within the last minute, the busiest first, at most [`BUSIEST`].
    pub fn busiest(&self) -> Vec<BusyProject> {
        self.busiest.read(self.born.elapsed())
    }

    fn second(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.born).as_secs() + 1
    }

    /// The slot of this second. The first to come wipes what it was of before; what another counts at that very
    /// moment may be lost.
    fn slot(&self, now: Instant) -> &Slot {
        let second = self.second(now);
        let slot = &self.slots[second as usize % SLOTS];
        let seen = slot.second.load(Ordering::Relaxed);
        if seen < second {
            let begun = slot.second.compare_exchange(seen, second, Ordering::Relaxed, Ordering::Relaxed);
            if begun.is_ok() {
                slot.wipe();
            }
        }
        slot
    }
}

impl Slot {
    fn wipe(&self) {
        for count in [&self.answers, &self.failures, &self.bytes, &self.lent] {
            count.store(0, Ordering::Relaxed);
        }
        self.latencies.wipe();
    }

    fn read(&self, second: u64) -> Second {
        if second == 0 || self.second.load(Ordering::Relaxed) != second {
            return Second::default();
        }
        Second {
            answers: self.answers.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            lent: self.lent.load(Ordering::Relaxed),
            latencies: self.latencies.read(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn seconds_pass_and_are_forgotten() {
        let pulse = Pulse::default();
        let took = Duration::from_millis(20);
        pulse.answered(Asker::Visitor, took, None);
        pulse.answered(Asker::Visitor, took, None);
        pulse.answered(Asker::Visitor, took, Some("no_peer"));
        pulse.answered(Asker::Visitor, took, Some("not_found"));
        pulse.answered(Asker::Node, took, None);
        pulse.answered(Asker::Node, took, Some("no_peer"));
        pulse.carried(&ProjectName::parse("p").unwrap(), 150);
        assert_eq!(sum(&pulse, |second| second.answers), 0, "this second is not over");
        tokio::time::advance(Duration::from_secs(1)).await;
        let last = pulse.seconds().pop().unwrap();
        assert_eq!((last.answers, last.failures, last.bytes, last.lent), (2, 1, 150, 1));
        let median = last.latencies.quantile(0.5).unwrap();
        assert!((0.017..0.023).contains(&median.as_secs_f64()), "{median:?}");
        assert_eq!(pulse.busiest()[0].bytes, 150);
        // Long after, another second takes its slot.
        tokio::time::advance(Duration::from_secs(SLOTS as u64 - 1)).await;
        assert_eq!(sum(&pulse, |second| second.answers), 0);
        assert!(pulse.seconds().iter().all(|second| second.latencies.quantile(0.5).is_none()));
        pulse.answered(Asker::Visitor, took, None);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(sum(&pulse, |second| second.answers), 1, "what was there before is wiped");
        assert_eq!(pulse.seconds().len(), PULSE_SECONDS);
    }

    fn sum(pulse: &Pulse, of: impl Fn(&Second) -> u64) -> u64 {
        pulse.seconds().iter().map(of).sum()
    }
}
