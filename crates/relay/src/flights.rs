//! Equal questions in flight share one answer: requests of the relay one sessioncast, lookups one round of owners.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use crate::BoxFuture;

/// What is in flight, by what makes two questions equal. Whoever still waits drives the shared future; when nobody
/// does, it is dropped.
#[derive(Debug)]
pub struct Flights<K, V>
where
    V: Clone + 'static,
{
    flights: Mutex<Table<K, V>>,
}

#[derive(Debug)]
struct Table<K, V>
where
    V: Clone + 'static,
{
    next: u64,
    by_key: HashMap<K, (u64, WeakShared<BoxFuture<'static, V>>)>,
}

impl<K, V: Clone> Default for Flights<K, V> {
    fn default() -> Self {
        Self { flights: Mutex::new(Table { next: 0, by_key: HashMap::new() }) }
    }
}

impl<K, V> Flights<K, V>
where
    K: Eq + Hash + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// Joins the flight of `key`, or starts one; true where it was under way already.
    pub fn join(
        self: &Arc<Self>,
        key: K,
        start: impl FnOnce() -> BoxFuture<'static, V>,
    ) -> (Shared<BoxFuture<'static, V>>, bool) {
        let mut table = self.lock();
        if let Some(flight) = table.by_key.get(&key).and_then(|(_, flight)| flight.upgrade()) {
            return (flight, true);
        }
        let number = table.next;
        table.next += 1;
        // Made before its landing, which takes the lock that is held here.
        let work = start();
        let landing = Landing { flights: self.clone(), key: key.clone(), number };
        let flight: BoxFuture<'static, V> = Box::pin(async move {
            let _landing = landing;
            work.await
        });
        let flight = flight.shared();
        let weak = flight.downgrade().expect("it has not been polled");
        table.by_key.insert(key, (number, weak));
        (flight, false)
    }
}

impl<K, V: Clone> Flights<K, V> {
    fn lock(&self) -> MutexGuard<'_, Table<K, V>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the flight off the table, whether it came to its end or was dropped on the way.
struct Landing<K, V>
where
    K: Eq + Hash,
    V: Clone + 'static,
{
    flights: Arc<Flights<K, V>>,
    key: K,
    number: u64,
}

impl<K: Eq + Hash, V: Clone> Drop for Landing<K, V> {
    fn drop(&mut self) {
        let mut table = self.flights.lock();
        if table.by_key.get(&self.key).is_some_and(|(number, _)| *number == self.number) {
            table.by_key.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chunk, Scope};
    use crowd_protocol::{ChunkHash, ProjectName, WireError};
    use std::sync::atomic::{AtomicU32, Ordering};

    type Outcome = Result<Chunk, WireError>;

    fn key() -> (Scope, ProjectName, ChunkHash, u32) {
        (Scope::Cluster, ProjectName::parse("p").unwrap(), ChunkHash::of(b"x"), 1)
    }

    #[tokio::test]
    async fn equal_requests_share_one_and_later_ones_start_anew() {
        let (flights, started) = (Arc::new(Flights::default()), Arc::new(AtomicU32::new(0)));
        let start = || {
            let started = started.clone();
            let flight: BoxFuture<'static, Outcome> = Box::pin(async move {
                started.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(Chunk::empty())
            });
            flight
        };
        let (a, b) = (flights.join(key(), start).0, flights.join(key(), start).0);
        drop(a);
        b.await.unwrap();
        assert_eq!(started.load(Ordering::Relaxed), 1);
        assert!(flights.lock().by_key.is_empty());
        flights.join(key(), start).0.await.unwrap();
        assert_eq!(started.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn a_flight_that_nobody_waits_for_is_forgotten() {
        let flights = Arc::new(Flights::<_, Outcome>::default());
        drop(flights.join(key(), || Box::pin(std::future::pending())));
        assert!(flights.lock().by_key.is_empty());
    }
}
