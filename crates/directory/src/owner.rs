//! What this node keeps of one other owner: what it told it, and when to speak to it again.

use std::time::Duration;

use crate::NodeName;
use crate::ledger::Ledger;
use crate::mix::{key, mix};

/// Time between two renewals of the lease at an owner: two may be lost before it lapses.
pub const RENEW_EVERY: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(crate) struct Owner {
    /// What it holds of us once every effect has arrived.
    pub(crate) ledger: Ledger,
    /// Something did not arrive: only a sync makes the ledger true again.
    pub(crate) unsure: bool,
    /// No sync before.
    pub(crate) sync_at: Duration,
    renew_at: Option<Duration>,
}

impl Owner {
    /// True where `to` is due to be synced.
    pub(crate) fn wants_sync(&self, now: Duration) -> bool {
        self.unsure && self.sync_at <= now
    }

    /// True where the lease is due to be renewed; then the next time is set. The first comes within [`RENEW_EVERY`],
    /// spread by both names so that a thousand nodes do not renew at one owner at once.
    pub(crate) fn wants_renewal(&mut self, me: &NodeName, to: &NodeName, now: Duration) -> bool {
        if self.ledger.is_empty() {
            return false;
        }
        let at = self.renew_at.get_or_insert_with(|| now + spread(me, to));
        let due = *at <= now;
        if due {
            *at = (*at + RENEW_EVERY).max(now);
        }
        due && !self.unsure
    }

    /// True where nothing is left to remember.
    pub(crate) fn is_idle(&self, now: Duration) -> bool {
        self.ledger.is_empty() && !self.unsure && self.sync_at <= now
    }
}

fn spread(me: &NodeName, to: &NodeName) -> Duration {
    let hash = mix(key(me.as_str()).wrapping_add(mix(key(to.as_str()))));
    RENEW_EVERY.mul_f64(hash as f64 / u64::MAX as f64)
}
