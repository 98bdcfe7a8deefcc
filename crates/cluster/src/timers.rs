//! The timers of the membership protocol, for the one task that owns it.

use std::collections::BTreeMap;
use std::time::Duration;

use foca::Timer;
use tokio::time::{Instant, sleep_until};

use crate::Member;

/// What is due when. Bounded by the members: each has one suspicion and one removal at most.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    /// The number keeps those of the same instant apart.
    due: BTreeMap<(Instant, u64), Timer<Member>>,
    next: u64,
}

impl Timers {
    pub(crate) fn set(&mut self, after: Duration, timer: Timer<Member>) {
        self.due.insert((Instant::now() + after, self.next), timer);
        self.next += 1;
    }

    /// Waits until something is due, then takes all that is; in the order that foca wants where this task was late.
    pub(crate) async fn due(&mut self) -> Vec<Timer<Member>> {
        match self.due.first_key_value() {
            Some(((at, _), _)) => sleep_until(*at).await,
            None => std::future::pending().await,
        }
        let later = self.due.split_off(&(Instant::now(), u64::MAX));
        let mut due: Vec<_> = std::mem::replace(&mut self.due, later).into_values().collect();
        due.sort();
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_late_comes_in_the_order_of_the_protocol() {
        let mut timers = Timers::default();
        timers.set(Duration::from_secs(1), Timer::ProbeRandomMember(0));
        timers.set(Duration::from_secs(2), Timer::PeriodicGossip(0));
        assert_eq!(timers.due().await, [Timer::ProbeRandomMember(0)]);
        let member = crate::ClusterConfig::new("a".into(), "h:1", "c").member().unwrap();
        timers.set(Duration::ZERO, Timer::ProbeRandomMember(0));
        timers.set(Duration::ZERO, Timer::SendIndirectProbe { probed_id: member, token: 0 });
        let due = timers.due().await;
        assert!(matches!(due[..], [Timer::SendIndirectProbe { .. }, Timer::ProbeRandomMember(_)]), "{due:?}");
        assert_eq!(timers.due().await.len(), 1);
    }
}
