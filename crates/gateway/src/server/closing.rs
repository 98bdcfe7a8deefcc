//! When a connection ends whose port is closed: who was not told that an answer is the last may have sent the next
//! request already, so it is taken for a moment longer. `connection.rs` asks; HTTP/2 has GOAWAY for it, and ends at once.

use std::time::Duration;

use tokio::time::Instant;

use super::activity::Activity;

/// How long a connection is held after the port was closed.
const HELD: Duration = Duration::from_secs(1);
/// And after its last answer: what was written may be on its way to a slow client for some seconds.
const HELD_AFTER_ANSWER: Duration = Duration::from_secs(5);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(100);

/// A connection whose port is closed.
#[derive(Debug)]
pub(crate) struct Closing {
    since: Instant,
    /// No answer may take longer than this.
    end: Instant,
    told: bool,
}

impl Closing {
    /// From now on, for `drain` at most.
    pub(crate) fn new(drain: Duration) -> Self {
        let since = Instant::now();
        Self { since, end: since + drain, told: false }
    }

    /// True where its time is over, whatever is under way.
    pub(crate) fn is_over(&self) -> bool {
        self.end <= Instant::now()
    }

    /// True once: when it is to be told to end, after what is under way.
    pub(crate) fn tell(&mut self, activity: &Activity) -> bool {
        let tell = !self.told && (activity.is_multiplexed() || self.is_held_enough(activity));
        self.told |= tell;
        tell
    }

    /// When to look again, where it would otherwise be at `look`.
    pub(crate) fn look(&self, look: Instant) -> Instant {
        let look = if self.told { look } else { Instant::now() + LOOK };
        look.min(self.end)
    }

    /// Holding a connection is not what uses up the time for answers.
    fn is_held_enough(&self, activity: &Activity) -> bool {
        let at_most = (self.end - self.since) / 2;
        let now = Instant::now();
        let held = |since: Instant, patience: Duration| now.duration_since(since) >= patience.min(at_most);
        let answered = activity.resting_since();
        held(self.since, HELD) && answered.is_some_and(|answered| held(answered, HELD_AFTER_ANSWER))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const DRAIN: Duration = Duration::from_secs(20);
    const JOT: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn who_just_had_an_answer_is_held_longer_than_who_had_none_for_long() {
        let (answered, rested) = (Activity::new(), Activity::new());
        let request = answered.begin(false);
        advance(HELD_AFTER_ANSWER).await;
        let (mut soon, mut late) = (Closing::new(DRAIN), Closing::new(DRAIN));
        advance(HELD - JOT).await;
        assert!(!soon.tell(&rested));
        advance(JOT).await;
        assert!(soon.tell(&rested) && !soon.tell(&rested));

        advance(HELD_AFTER_ANSWER).await;
        assert!(!late.tell(&answered), "it is being answered");
        drop(request);
        advance(HELD_AFTER_ANSWER - JOT).await;
        assert!(!late.tell(&answered));
        advance(JOT).await;
        assert!(late.tell(&answered) && !late.is_over());
        advance(DRAIN).await;
        assert!(late.is_over());
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_drain_is_not_used_up_and_goaway_comes_at_once() {
        let drain = Duration::from_millis(500);
        let (activity, mut closing) = (Activity::new(), Closing::new(drain));
        advance(drain / 2).await;
        assert!(closing.tell(&activity));

        let activity = Activity::new();
        let _request = activity.begin(true);
        assert!(Closing::new(DRAIN).tell(&activity));
    }
}
