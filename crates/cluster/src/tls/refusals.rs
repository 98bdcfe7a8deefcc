//! Tells of lines that were refused: once a minute for each address, however often it tries.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::refusal::Refusal;

/// Between two log lines about the same address.
const AGAIN: Duration = Duration::from_secs(60);
/// Addresses that are told of within that time at most; a stranger may have any number of them.
const ADDRESSES: usize = 64;

/// What was refused of late.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    told: Mutex<HashMap<Box<str>, Told>>,
}

#[derive(Debug)]
struct Told {
    at: Instant,
    last: Refusal,
}

/// Who called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Direction {
    In,
    Out,
}

impl Refusals {
    /// A line to or from `address` was refused.
    pub(crate) fn note(&self, direction: Direction, address: &str, refusal: Refusal) {
        let why = refusal.to_string();
        if self.is_news(address, refusal) {
            tracing::warn!(?direction, address, why, "cluster.tls_refused");
        } else {
            tracing::debug!(?direction, address, why, "cluster.tls_refused");
        }
    }

    /// All is well with `address`.
    pub(crate) fn forget(&self, address: &str) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).remove(address);
    }

    /// Why the last line to `address` was refused, where it was.
    pub(crate) fn last(&self, address: &str) -> Option<Refusal> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(address).map(|told| told.last.clone())
    }

    fn is_news(&self, address: &str, refusal: Refusal) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, told| told.at.elapsed() < AGAIN);
        if let Some(told) = told.get_mut(address) {
            told.last = refusal;
            return false;
        }
        let room = told.len() < ADDRESSES;
        if room {
            told.insert(address.into(), Told { at: Instant::now(), last: refusal });
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_address_is_told_of_once_a_minute_and_not_too_many_are() {
        let refusals = Refusals::default();
        assert!(refusals.is_news("n1", Refusal::SpeaksPlain));
        assert!(!refusals.is_news("n1", Refusal::SpeaksTls));
        assert_eq!(refusals.last("n1"), Some(Refusal::SpeaksTls));
        tokio::time::advance(AGAIN).await;
        assert!(refusals.is_news("n1", Refusal::SpeaksPlain));
        refusals.forget("n1");
        assert_eq!(refusals.last("n1"), None);
        let news = (0..1_000).filter(|n| refusals.is_news(&n.to_string(), Refusal::SpeaksPlain)).count();
        assert_eq!(news, ADDRESSES);
    }
}
