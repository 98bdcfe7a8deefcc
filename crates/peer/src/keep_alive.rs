//! Whether a connection is alive: a type of its own, without a clock.

use std::time::Duration;

use tokio::time::Instant;

/// Heartbeats outside this range are a node's mistake.
const SANE: std::ops::RangeInclusive<u64> = 1..=300;

/// What to do about a connection now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pulse {
    /// Nothing.
    Fine,
    /// It has been quiet: ask whether the node is there.
    Ask,
    /// It has been silent for two heartbeats: give it up.
    Dead,
}

#[derive(Debug)]
pub(crate) struct KeepAlive {
    heartbeat: Duration,
    heard: Instant,
    asked: bool,
}

impl KeepAlive {
    pub(crate) fn new(heartbeat_s: u64, now: Instant) -> Self {
        let seconds = heartbeat_s.clamp(*SANE.start(), *SANE.end());
        Self { heartbeat: Duration::from_secs(seconds), heard: now, asked: false }
    }

    /// Anything at all came from the node.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.asked = false;
    }

    /// To be called about once a second.
    pub(crate) fn check(&mut self, now: Instant) -> Pulse {
        let quiet = now.saturating_duration_since(self.heard);
        if quiet >= self.heartbeat * 2 {
            return Pulse::Dead;
        }
        // A little more than one heartbeat: the node's own ping is about to come, and answers the question.
        if quiet >= self.heartbeat + self.heartbeat / 4 && !self.asked {
            self.asked = true;
            return Pulse::Ask;
        }
        Pulse::Fine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_once_and_then_gives_up() {
        let start = Instant::now();
        let mut alive = KeepAlive::new(4, start);
        let mut at = |s: u64| alive.check(start + Duration::from_secs(s));
        assert_eq!([at(3), at(5), at(6), at(8)], [Pulse::Fine, Pulse::Ask, Pulse::Fine, Pulse::Dead]);
        alive.heard(start + Duration::from_secs(8));
        assert_eq!(alive.check(start + Duration::from_secs(9)), Pulse::Fine);
        assert_eq!(alive.check(start + Duration::from_secs(13)), Pulse::Ask);
    }
}
