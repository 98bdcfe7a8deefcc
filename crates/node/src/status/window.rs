//! Seconds of several nodes added up, and what they come to.

use crowd_relay::{Latencies, PULSE_SECONDS, Second};
use serde::Serialize;

/// Seconds that rates and quantiles are of.
const WINDOW: usize = 10;

/// What goes on now: rates a second, over the last ten.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Rates {
    answers_per_s: f64,
    failures_per_s: f64,
    bytes_per_s: f64,
    /// For other nodes.
    lent_per_s: f64,
    /// None where there was no answer.
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
}

/// The last minute, a value a second, the oldest first.
#[derive(Debug, Serialize)]
pub(crate) struct Minute {
    answers: Vec<u64>,
    failures: Vec<u64>,
    bytes: Vec<u64>,
    p50_ms: Vec<Option<f64>>,
    p99_ms: Vec<Option<f64>>,
}

/// The seconds of one node, or the sum of several, the oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Window(Vec<Second>);

impl Default for Window {
    fn default() -> Self {
        Self(vec![Second::default(); PULSE_SECONDS])
    }
}

impl Window {
    /// Adds the seconds of a node, which may say anything. Those that it doesn't tell of were before its time.
    pub(crate) fn add(&mut self, seconds: &[Second]) {
        for (sum, second) in self.0.iter_mut().rev().zip(seconds.iter().rev()) {
            sum.answers = sum.answers.saturating_add(second.answers);
            sum.failures = sum.failures.saturating_add(second.failures);
            sum.bytes = sum.bytes.saturating_add(second.bytes);
            sum.lent = sum.lent.saturating_add(second.lent);
            sum.latencies.merge(&second.latencies);
        }
    }

    pub(crate) fn rates(&self) -> Rates {
        let last = &self.0[self.0.len() - WINDOW..];
        let rate =
            |of: fn(&Second) -> u64| last.iter().map(|second| of(second) as f64).sum::<f64>() / WINDOW as f64;
        let mut latencies = Latencies::default();
        last.iter().for_each(|second| latencies.merge(&second.latencies));
        Rates {
            answers_per_s: rate(|second| second.answers),
            failures_per_s: rate(|second| second.failures),
            bytes_per_s: rate(|second| second.bytes),
            lent_per_s: rate(|second| second.lent),
            p50_ms: quantile(&latencies, 0.5),
            p99_ms: quantile(&latencies, 0.99),
        }
    }

    pub(crate) fn minute(&self) -> Minute {
        Minute {
            answers: self.0.iter().map(|second| second.answers).collect(),
            failures: self.0.iter().map(|second| second.failures).collect(),
            bytes: self.0.iter().map(|second| second.bytes).collect(),
            p50_ms: self.0.iter().map(|second| quantile(&second.latencies, 0.5)).collect(),
            p99_ms: self.0.iter().map(|second| quantile(&second.latencies, 0.99)).collect(),
        }
    }
}

/// In milliseconds, of which a thousandth is left.
fn quantile(latencies: &Latencies, q: f64) -> Option<f64> {
    latencies.quantile(q).map(|took| (took.as_secs_f64() * 1e6).round() / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_add_up_second_by_second() {
        let second = |answers, bucket| {
            let mut second = Second { answers, bytes: answers * 100, ..Second::default() };
            second.latencies.add(bucket, answers as u32);
            second
        };
        let mut window = Window::default();
        // One that is a minute old, and one that started two seconds ago.
        window.add(&vec![second(10, 40); PULSE_SECONDS]);
        window.add(&[second(5, 60), second(20, 60)]);
        let rates = window.rates();
        assert_eq!((rates.answers_per_s, rates.bytes_per_s), (12.5, 1_250.0));
        assert!(rates.p50_ms.unwrap() < rates.p99_ms.unwrap());
        let minute = window.minute();
        assert_eq!(minute.answers.len(), PULSE_SECONDS);
        assert_eq!(minute.answers[PULSE_SECONDS - 3..], [10, 15, 30]);
        assert_eq!(Window::default().rates().p50_ms, None);
        assert_eq!(Window::default().minute().p99_ms, vec![None; PULSE_SECONDS]);
    }

    #[test]
    fn a_node_that_says_too_much_is_added_up_too() {
        let most = Second { answers: u64::MAX, failures: u64::MAX, bytes: u64::MAX, ..Second::default() };
        let mut window = Window::default();
        for _ in 0..2 {
            window.add(&vec![most.clone(); PULSE_SECONDS]);
        }
        assert_eq!(window.minute().answers, vec![u64::MAX; PULSE_SECONDS]);
        assert_eq!(window.rates().bytes_per_s, u64::MAX as f64);
    }
}
