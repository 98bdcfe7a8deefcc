//! How many second asks a node may spend on answers that are merely slow: a share of its requests.

use std::sync::atomic::{AtomicI64, Ordering};

/// Hundredths of a hedge that each request earns.
const EARNED: i64 = 10;
/// Hundredths that can be saved up.
const SAVED: i64 = 5_000;

/// A token bucket: one hedge for ten requests. Asking anew after silence or failure is free, since nothing was
/// uploaded in vain then.
#[derive(Debug)]
pub(crate) struct HedgeBudget(AtomicI64);

impl Default for HedgeBudget {
    fn default() -> Self {
        Self(AtomicI64::new(SAVED / 10))
    }
}

impl HedgeBudget {
    pub(crate) fn earn(&self) {
        if self.0.load(Ordering::Relaxed) < SAVED {
            self.0.fetch_add(EARNED, Ordering::Relaxed);
        }
    }

    pub(crate) fn spend(&self) -> bool {
        let spend = |saved| (saved >= 100).then_some(saved - 100);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok()
    }

    /// What was spent found nobody to ask.
    pub(crate) fn refund(&self) {
        self.0.fetch_add(100, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_answers_cost_at_most_a_tenth_more() {
        let budget = HedgeBudget::default();
        while budget.spend() {}
        let hedges = (0..1_000).filter(|_| {
            budget.earn();
            budget.spend()
        });
        assert_eq!(hedges.count(), 100);
    }
}
