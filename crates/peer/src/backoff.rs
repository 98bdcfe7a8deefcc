//! How long to wait before the next try: longer after each failure, and never the same for two peers.

use std::time::Duration;

/// The waits between attempts to reconnect.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    /// After the first failure, at most.
    pub first: Duration,
    /// After any number of failures, at most.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(250), most: Duration::from_secs(20) }
    }
}

impl Backoff {
    /// The most that is waited after `failures` failures in a row: it doubles with each.
    pub fn ceiling(&self, failures: u32) -> Duration {
        self.first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(self.most)
    }

    /// A wait of between half the ceiling and all of it: peers that lost the same node don't return as one.
    pub fn wait(&self, failures: u32) -> Duration {
        self.ceiling(failures).mul_f64(rand::random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_up_to_the_most() {
        let backoff = Backoff { first: Duration::from_millis(100), most: Duration::from_secs(1) };
        let ceilings: Vec<_> = [1, 2, 3, 4, 5, 99].map(|n| backoff.ceiling(n).as_millis()).into();
        assert_eq!(ceilings, [100, 200, 400, 800, 1000, 1000]);
        for failures in 1..20 {
            let wait = backoff.wait(failures);
            assert!(wait <= backoff.ceiling(failures) && wait * 2 >= backoff.ceiling(failures));
        }
    }
}
