//! Waits that grow and are spread, so that nodes that lost the same node don't all come back at once.

use std::time::Duration;

use rand::RngExt;

/// Doubles from `least` to `most`; each wait is a random part of it, half at least.
#[derive(Debug)]
pub struct Backoff {
    least: Duration,
    most: Duration,
    next: Duration,
}

impl Backoff {
    /// Waits from `least`, which is more than nothing, to `most`.
    pub fn new(least: Duration, most: Duration) -> Self {
        Self { least, most, next: least }
    }

    /// How long to wait now.
    pub fn wait(&mut self) -> Duration {
        let wait = jittered(self.next);
        self.next = (self.next * 2).min(self.most);
        wait
    }

    /// It went well: the next failure waits for the least time again.
    pub fn reset(&mut self) {
        self.next = self.least;
    }
}

/// Between half of `wait` and all of it.
pub fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(rand::rng().random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_most_and_start_over() {
        let (least, most) = (Duration::from_millis(100), Duration::from_secs(1));
        let mut backoff = Backoff::new(least, most);
        for _ in 0..100 {
            let wait = backoff.wait();
            assert!(least / 2 <= wait && wait <= most, "{wait:?}");
        }
        assert!(backoff.wait() >= most / 2);
        backoff.reset();
        assert!(backoff.wait() <= least);
    }
}
