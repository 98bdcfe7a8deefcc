//! The keep-alive of one connection: when to ping, and when a peer is gone.

use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beat {
    Ping,
    Dead,
}

/// One timer per connection; it also paces the actor's tidying up.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    every: Duration,
    next: Instant,
}

impl Heartbeat {
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, next: Instant::now() + every }
    }

    /// Elapses when the next beat is due; what is due is for [`Heartbeat::beat`] to say.
    pub(crate) fn due(&self) -> Sleep {
        sleep_until(self.next)
    }

    pub(crate) fn beat(&mut self, last_heard: Instant) -> Beat {
        let (now, dead_at) = (Instant::now(), last_heard + self.every * 2);
        self.next = (now + self.every).min(dead_at);
        if now >= dead_at { Beat::Dead } else { Beat::Ping }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_is_silent_for_two_intervals_is_dead() {
        let mut heartbeat = Heartbeat::new(Duration::from_secs(30));
        let connected = Instant::now();
        heartbeat.due().await;
        assert_eq!(heartbeat.beat(connected), Beat::Ping);
        heartbeat.due().await;
        assert_eq!(heartbeat.beat(connected + Duration::from_secs(1)), Beat::Ping);
        heartbeat.due().await;
        assert_eq!(heartbeat.beat(connected + Duration::from_secs(1)), Beat::Dead);
        assert_eq!(connected.elapsed(), Duration::from_secs(61));
    }
}
