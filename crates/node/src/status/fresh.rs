//! A value that is costly to find out and need not be newer than so old: however many look at once, it is found out once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crowd_relay::{BoxFuture, Flights};
use tokio::time::Instant;

/// The value, and when it was found out.
type Found<T> = (Instant, Arc<T>);

pub(crate) struct Fresh<T: 'static> {
    keep: Duration,
    last: Mutex<Option<Found<T>>>,
    flights: Arc<Flights<(), Found<T>>>,
}

impl<T: Send + Sync> Fresh<T> {
    /// A value that is found out again once it is older than `keep`.
    pub(crate) fn new(keep: Duration) -> Self {
        Self { keep, last: Mutex::new(None), flights: Arc::default() }
    }

    /// The value, which `find` finds out where it is needed.
    pub(crate) async fn get(&self, find: impl FnOnce() -> BoxFuture<'static, T>) -> Arc<T> {
        if let Some((at, value)) = self.last()
            && at.elapsed() < self.keep
        {
            return value;
        }
        let search = move || -> BoxFuture<'static, Found<T>> {
            let found = find();
            Box::pin(async move {
                let value = found.await;
                (Instant::now(), Arc::new(value))
            })
        };
        let (at, value) = self.flights.join((), search).0.await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_none_or(|(before, _)| *before < at) {
            *last = Some((at, value.clone()));
        }
        value
    }

    fn last(&self) -> Option<Found<T>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn it_is_found_out_once_for_all_and_again_when_it_is_old() {
        let (fresh, times) = (Fresh::new(Duration::from_secs(1)), Arc::new(AtomicU32::new(0)));
        let find = || -> BoxFuture<'static, u32> {
            let times = times.clone();
            Box::pin(async move {
                tokio::time::sleep(Duration::from_millis(100)).await;
                times.fetch_add(1, Ordering::Relaxed) + 1
            })
        };
        let (a, b) = tokio::join!(fresh.get(find), fresh.get(find));
        assert_eq!((*a, *b, *fresh.get(find).await), (1, 1, 1));
        tokio::time::advance(Duration::from_secs(2)).await;
        assert_eq!(*fresh.get(find).await, 2);
    }
}
