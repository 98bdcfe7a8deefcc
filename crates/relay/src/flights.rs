//! Equal requests in flight share one sessioncast.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crowd_protocol::{ChunkHash, ProjectName, WireError};
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use crate::{BoxFuture, Chunk, Scope};

type Outcome = Result<Chunk, WireError>;
type Flight = Shared<BoxFuture<'static, Outcome>>;

/// What makes two requests equal. The scope is part of it: a forwarded request that waited for one that may itself
/// be waiting on the forwarding node would wait for ever. So is the size: it is what room is reserved for, and two
/// manifests may disagree on it.
pub(crate) type FlightKey = (Scope, ProjectName, ChunkHash, u32);

/// The requests in flight. Whoever still waits drives the shared future; when nobody does, it is dropped.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    flights: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    by_key: HashMap<FlightKey, (u64, WeakShared<BoxFuture<'static, Outcome>>)>,
}

impl Flights {
    /// Joins the flight of `key`, or starts one; true where it was under way already.
    pub(crate) fn join(
        self: &Arc<Self>,
        key: FlightKey,
        start: impl FnOnce() -> BoxFuture<'static, Outcome>,
    ) -> (Flight, bool) {
        let mut table = self.lock();
        if let Some(flight) = table.by_key.get(&key).and_then(|(_, flight)| flight.upgrade()) {
            metrics::counter!("crowd_requests_shared_total").increment(1);
            return (flight, true);
        }
        let number = table.next;
        table.next += 1;
        // Made before its landing, which takes the lock that is held here.
        let sessioncast = start();
        let landing = Landing { flights: self.clone(), key: key.clone(), number };
        let flight: BoxFuture<'static, Outcome> = Box::pin(async move {
            let _landing = landing;
            sessioncast.await
        });
        let flight = flight.shared();
        let weak = flight.downgrade().expect("it has not been polled");
        table.by_key.insert(key, (number, weak));
        (flight, false)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the flight off the table, whether it came to its end or was dropped on the way.
struct Landing {
    flights: Arc<Flights>,
    key: FlightKey,
    number: u64,
}

impl Drop for Landing {
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
    use std::sync::atomic::{AtomicU32, Ordering};

    fn key() -> FlightKey {
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
        let flights = Arc::new(Flights::default());
        drop(flights.join(key(), || Box::pin(std::future::pending())));
        assert!(flights.lock().by_key.is_empty());
    }
}
