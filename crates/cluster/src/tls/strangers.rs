//! Who is at the cluster port and not yet known to be another node: so many at once, and of one address only a few, so
//! that who says nothing keeps no node waiting.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::Id;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Strangers at once. Others wait in the system's backlog.
const STRANGERS: usize = 256;
/// Beyond so many, the oldest that says nothing goes for each that comes.
const MANY: usize = STRANGERS / 2;
/// Strangers of one address at once: a handshake takes some milliseconds.
const OF_ONE_ADDRESS: usize = 16;
/// How long one may say nothing: a node begins with its first words at once.
const SILENCE: Duration = Duration::from_secs(1);
/// And once its place is wanted: what it has said may not have been noticed yet.
const LAST_CHANCE: Duration = Duration::from_millis(50);

/// All of them, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Strangers {
    all: Vec<(Id, Arc<Stranger>)>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Stranger {
    address: IpAddr,
    spoke: AtomicBool,
    hurry: CancellationToken,
}

impl Strangers {
    pub(crate) fn has_room(&self) -> bool {
        self.all.len() < STRANGERS
    }

    /// One that came from `address`; none where too many of that address are shaking hands. Where too many say nothing,
    /// the oldest of them has to go soon.
    pub(crate) fn admit(&self, address: IpAddr) -> Option<Arc<Stranger>> {
        let address = counted(address);
        let theirs = || self.staying().filter(|stranger| stranger.address == address);
        if theirs().count() >= OF_ONE_ADDRESS {
            theirs().find(|stranger| stranger.is_silent())?.hurry.cancel();
        } else if self.all.len() >= MANY
            && let Some(oldest) = self.staying().find(|stranger| stranger.is_silent())
        {
            oldest.hurry.cancel();
        }
        Some(Arc::new(Stranger { address, spoke: AtomicBool::new(false), hurry: CancellationToken::new() }))
    }

    /// `stranger` is looked after by the task `id`.
    pub(crate) fn add(&mut self, id: Id, stranger: Arc<Stranger>) {
        self.all.push((id, stranger));
    }

    /// The task `id` has ended.
    pub(crate) fn remove(&mut self, id: Id) {
        self.all.retain(|(other, _)| *other != id);
    }

    /// Those that need not go.
    fn staying(&self) -> impl Iterator<Item = &Stranger> {
        let hurries = |stranger: &&Stranger| stranger.is_silent() && stranger.hurry.is_cancelled();
        self.all.iter().map(|(_, stranger)| &**stranger).filter(move |stranger| !hurries(stranger))
    }
}

impl Stranger {
    /// It has said something.
    pub(crate) fn spoke(&self) {
        self.spoke.store(true, Ordering::Relaxed);
    }

    /// Waits for as long as it may say nothing.
    pub(crate) async fn patience(&self) {
        if timeout(SILENCE, self.hurry.cancelled()).await.is_ok() {
            sleep(LAST_CHANCE).await;
        }
    }

    fn is_silent(&self) -> bool {
        !self.spoke.load(Ordering::Relaxed)
    }
}

/// What counts as one address: whoever has one of IPv6 has all of its network.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << 64);
            Ipv6Addr::from_bits(network).into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::JoinSet;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_makes_room_for_who_comes() {
        let mut door = Door::default();
        let first = door.come("10.0.0.1").unwrap();
        let second = door.come("10.0.0.1").unwrap();
        first.spoke();
        for _ in 2..OF_ONE_ADDRESS {
            door.come("10.0.0.1").unwrap();
        }
        assert!(!second.hurry.is_cancelled());
        door.come("10.0.0.1").unwrap();
        assert!(second.hurry.is_cancelled() && !first.hurry.is_cancelled());
        let begun = Instant::now();
        second.patience().await;
        assert_eq!(begun.elapsed(), LAST_CHANCE);
        first.patience().await;
        assert_eq!(begun.elapsed(), LAST_CHANCE + SILENCE);
    }

    #[tokio::test]
    async fn one_address_shakes_only_some_hands_at_once() {
        let mut door = Door::default();
        // One network.
        let addresses: Vec<_> = (0..OF_ONE_ADDRESS).map(|n| format!("2001:db8::{n:x}")).collect();
        addresses.iter().for_each(|address| door.come(address).unwrap().spoke());
        assert!(door.come("2001:db8::ffff").is_none());
        assert!(door.come("2001:db8:0:1::1").is_some());
        door.strangers.remove(door.strangers.all[0].0);
        assert!(door.come("2001:db8::ffff").is_some());
    }

    #[tokio::test]
    async fn the_oldest_that_says_nothing_goes_where_there_are_many() {
        let mut door = Door::default();
        for n in 0..STRANGERS {
            assert!(door.strangers.has_room());
            door.come(&format!("10.0.0.{n}")).unwrap();
        }
        assert!(!door.strangers.has_room());
        let gone = door.strangers.all.iter().take_while(|(_, stranger)| stranger.hurry.is_cancelled());
        assert_eq!(gone.count(), STRANGERS - MANY);
    }

    #[derive(Default)]
    struct Door {
        strangers: Strangers,
        tasks: JoinSet<()>,
    }

    impl Door {
        fn come(&mut self, address: &str) -> Option<Arc<Stranger>> {
            let stranger = self.strangers.admit(address.parse().unwrap())?;
            self.strangers.add(self.tasks.spawn(std::future::pending()).id(), stranger.clone());
            Some(stranger)
        }
    }
}
