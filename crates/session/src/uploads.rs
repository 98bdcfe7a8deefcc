//! What a page has uploaded within a day, by which it is told when it is asked no more: whatever the app in it promises,
//! its scripts belong to strangers, and the uplink to the visitor.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;

use crate::peer::Peer;

const HOUR: u64 = 3_600;
/// Hours that count: a day, and what has passed of the present one.
const HOURS: u64 = 24;

/// The account of one connection, kept by its actor. Takes room once something was uploaded, and little.
#[derive(Debug)]
pub(crate) struct Uploads {
    peer: Arc<Peer>,
    /// None for programs, which are not counted.
    most: Option<u64>,
    born: Instant,
    /// Hours since `born` in which something was uploaded, and how many bytes; oldest first.
    hours: VecDeque<(u64, u64)>,
    over: Option<Over>,
}

impl Uploads {
    /// Of a peer that is asked no more once it has uploaded `most` bytes within 24 hours.
    pub(crate) fn new(peer: Arc<Peer>, most: Option<u64>) -> Self {
        let mut uploads = Self { peer, most, born: Instant::now(), hours: VecDeque::new(), over: None };
        uploads.look();
        uploads
    }

    /// It has uploaded so much more.
    pub(crate) fn add(&mut self, bytes: usize) {
        if self.most.is_none() {
            return;
        }
        let hour = self.hour();
        match self.hours.back_mut() {
            Some((last, sum)) if *last == hour => *sum += bytes as u64,
            _ => self.hours.push_back((hour, bytes as u64)),
        }
        self.look();
    }

    /// Forgets what is more than a day old, and tells the table whether the peer is to be asked.
    pub(crate) fn look(&mut self) {
        let Some(most) = self.most else { return };
        let hour = self.hour();
        while self.hours.front().is_some_and(|(first, _)| first + HOURS < hour) {
            self.hours.pop_front();
        }
        let spent = self.hours.iter().map(|(_, bytes)| bytes).sum::<u64>() >= most;
        self.peer.set_spent(spent);
        match spent {
            true => {
                self.over.get_or_insert_with(Over::new);
            }
            false => self.over = None,
        }
    }

    fn hour(&self) -> u64 {
        self.born.elapsed().as_secs() / HOUR
    }
}

/// Counts a page that is over its cap, for as long as it is.
#[derive(Debug)]
struct Over;

impl Over {
    fn new() -> Self {
        metrics::gauge!("crowd_peers_over_upload_cap").increment(1);
        Self
    }
}

impl Drop for Over {
    fn drop(&mut self) {
        metrics::gauge!("crowd_peers_over_upload_cap").decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use tokio::time::advance;

    const HOUR: Duration = Duration::from_secs(super::HOUR);

    #[tokio::test(start_paused = true)]
    async fn what_is_a_day_old_no_longer_counts() {
        let (peer, mut uploads) = of(Some(100));
        uploads.add(60);
        advance(HOUR * 12).await;
        uploads.add(39);
        assert!(!peer.is_spent());
        uploads.add(1);
        assert!(peer.is_spent());
        advance(HOUR * 12).await;
        uploads.look();
        assert!(peer.is_spent(), "the first hour counts until all of it is a day ago");
        advance(HOUR).await;
        uploads.look();
        assert!(!peer.is_spent());
        uploads.add(59);
        assert!(!peer.is_spent());
        uploads.add(1);
        assert!(peer.is_spent());
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_that_uploads_for_ever_takes_a_days_room() {
        let (_, mut uploads) = of(Some(1_000));
        for _ in 0..200 {
            uploads.add(1);
            advance(HOUR / 2).await;
        }
        assert!(uploads.hours.len() as u64 <= HOURS + 1, "{uploads:?}");
    }

    #[tokio::test]
    async fn nothing_may_be_all_and_a_program_is_not_counted() {
        assert!(of(Some(0)).0.is_spent());
        assert!(!of(Some(1)).0.is_spent());
        let (program, mut uploads) = of(None);
        uploads.add(usize::MAX);
        uploads.add(1);
        assert!(!program.is_spent() && uploads.hours.is_empty());
    }

    fn of(most: Option<u64>) -> (Arc<Peer>, Uploads) {
        let peer = Arc::new(Peer::new("peer".into()));
        (peer.clone(), Uploads::new(peer, most))
    }
}
