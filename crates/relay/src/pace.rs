//! How fast one responder answers, as measured, and what that leads one to expect of its next answer.

use std::time::Duration;

use crowd_protocol::MAX_OPEN;

/// What nobody measured yet: a home line of 1 Mbit/s, 150 ms away.
const FIRST_LATENCY: f64 = 0.150;
const FIRST_RATE: f64 = 128.0 * 1024.0;
/// Transfers below this many bytes say more about latency than about the line.
const RATE_SAMPLE: f64 = 16.0 * 1024.0;
/// Seconds of its line's work that a peer is asked for ahead.
const AHEAD: f64 = 0.5;
/// No line is taken to be faster or slower than this, bytes a second.
const RATES: std::ops::RangeInclusive<f64> = 1024.0..=4e9;

/// When to worry about an ask, counted from the moment it is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expectation {
    /// Without a single byte by then, the responder is silent.
    pub first_byte: Duration,
    /// Without the whole answer by then, it is slow.
    pub whole: Duration,
}

impl Expectation {
    /// The same, but nothing to worry about before `least`.
    pub(crate) fn at_least(self, least: Duration) -> Self {
        Self { first_byte: self.first_byte.max(least), whole: self.whole.max(least) }
    }
}

/// Latency in seconds, its deviation, and rate in bytes a second, as moving averages.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    latency: f64,
    deviation: f64,
    rate: f64,
}

impl Default for Pace {
    fn default() -> Self {
        Self { latency: FIRST_LATENCY, deviation: FIRST_LATENCY / 2.0, rate: FIRST_RATE }
    }
}

impl Pace {
    /// Takes an answer of `bytes` that came `elapsed` seconds after it was asked and `service` seconds after the
    /// responder was free to work on it. `alone`: nothing else was asked of it at the time.
    pub(crate) fn answered(&mut self, bytes: f64, elapsed: f64, service: f64, alone: bool) {
        let moving = if alone { (service - self.latency).max(service / 4.0) } else { service };
        let rate = (bytes / moving.max(1e-6)).clamp(*RATES.start(), *RATES.end());
        // A small answer cannot show that a line is slow, only that it is faster than was thought.
        if bytes >= RATE_SAMPLE || rate > self.rate {
            self.rate += (rate - self.rate) / 4.0;
        }
        if alone {
            let latency = (elapsed - bytes / self.rate).max(0.0002);
            self.deviation += ((latency - self.latency).abs() - self.deviation) / 4.0;
            self.latency += (latency - self.latency) / 8.0;
        }
    }

    /// Seconds until an answer of `bytes` is here, with `ahead` bytes asked before it.
    pub(crate) fn expected(&self, bytes: f64, ahead: f64) -> f64 {
        self.latency + (bytes + ahead) / self.rate
    }

    pub(crate) fn expectation(&self, bytes: f64, ahead: f64) -> Expectation {
        let slack = 4.0 * self.deviation;
        let first = (2.0 * self.latency + slack + ahead.min(bytes) / self.rate).clamp(0.05, 2.0);
        let whole = (2.0 * self.expected(bytes, ahead) + slack).clamp(first, 8.0);
        Expectation { first_byte: Duration::from_secs_f64(first), whole: Duration::from_secs_f64(whole) }
    }

    /// How many asks of `bytes` to keep open, so that a slow line is not promised more than it can carry.
    pub(crate) fn window(&self, bytes: f64) -> usize {
        ((self.rate * AHEAD / bytes.max(1.0)) as usize + 1).clamp(2, MAX_OPEN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_line_is_given_its_time_and_few_asks() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            pace.answered(65_536.0, 1.05, 1.05, true);
        }
        let expect = pace.expectation(65_536.0, 0.0);
        assert!(expect.whole > Duration::from_secs(1), "{expect:?}");
        assert_eq!(pace.window(65_536.0), 2);
    }

    #[test]
    fn a_fast_line_is_soon_asked_for_all_it_can_carry() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            pace.answered(65_536.0, 0.005, 0.001, false);
        }
        assert_eq!(pace.window(65_536.0), MAX_OPEN);
        for _ in 0..40 {
            pace.answered(1_024.0, 0.002, 0.002, true);
        }
        let expect = pace.expectation(1_024.0, 0.0);
        assert!(expect.first_byte < Duration::from_millis(100), "{expect:?}");
    }

    #[test]
    fn small_answers_do_not_make_a_line_look_slow() {
        let mut pace = Pace::default();
        for _ in 0..20 {
            pace.answered(262_144.0, 0.03, 0.01, false);
        }
        let before = pace.window(262_144.0);
        for _ in 0..50 {
            pace.answered(300.0, 0.05, 0.05, true);
        }
        assert_eq!(pace.window(262_144.0), before);
    }
}
