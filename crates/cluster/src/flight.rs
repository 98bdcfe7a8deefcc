//! Equal lookups at the same time are one.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crowd_relay::BoxFuture;
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

/// The lookups in flight. Whoever still waits drives the shared future; when nobody does, it is dropped.
#[derive(Debug)]
pub(crate) struct Flights<K, V>
where
    V: Clone + 'static,
{
    flights: Mutex<HashMap<K, WeakShared<BoxFuture<'static, V>>>>,
}

impl<K, V: Clone> Default for Flights<K, V> {
    fn default() -> Self {
        Self { flights: Mutex::default() }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> Flights<K, V> {
    /// Joins the flight of `key`, or starts one.
    pub(crate) fn join(
        &self,
        key: &K,
        start: impl FnOnce() -> BoxFuture<'static, V>,
    ) -> Shared<BoxFuture<'static, V>> {
        let mut flights = self.lock();
        if let Some(flight) = flights.get(key).and_then(WeakShared::upgrade)
            && flight.peek().is_none()
        {
            return flight;
        }
        // Those that ended are cleared away as others start: there are never many.
        flights.retain(|_, flight| flight.upgrade().is_some_and(|flight| flight.peek().is_none()));
        let flight = start().shared();
        if let Some(weak) = flight.downgrade() {
            flights.insert(key.clone(), weak);
        }
        flight
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<K, WeakShared<BoxFuture<'static, V>>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
