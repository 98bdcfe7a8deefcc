//! Answers that nobody waits for any more: seen through all the same, so that the next try finds their first chunk in
//! the cache. The relay drops a flight that nobody waits for; this is who waits.

use std::collections::HashSet;
use std::time::Duration;

use crowd_protocol::{ProjectName, RequestPath};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Answers seen through at once; each has room reserved for a chunk at most.
const AT_ONCE: usize = 64;
/// Between a handler and the loop that takes it at once, where it has a place.
const QUEUE: usize = 16;
/// Longer than the relay waits for a peer that makes no progress, and for the next.
const LIMIT: Duration = Duration::from_secs(30);

/// What makes two answers the same. Who reloads while one is on its way needs no second one.
pub(crate) type LateKey = (ProjectName, RequestPath);

type Late = (LateKey, BoxFuture<'static, ()>);

/// Where handlers leave them.
#[derive(Debug, Clone)]
pub(crate) struct LateAnswers(mpsc::Sender<Late>);

/// Sees them through, see [`LateWork::run`].
pub(crate) struct LateWork(mpsc::Receiver<Late>);

impl LateAnswers {
    pub(crate) fn new() -> (Self, LateWork) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), LateWork(receiver))
    }

    /// Has `answer` polled to its end. Where there is no place for it, it is dropped, and counted.
    pub(crate) fn see_through(&self, key: LateKey, answer: BoxFuture<'static, ()>) {
        match self.0.try_send((key, answer)) {
            Ok(()) => metrics::counter!("crowd_http_late_answers_total").increment(1),
            Err(_) => metrics::counter!("crowd_queue_full_total", "queue" => "late_answers").increment(1),
        }
    }
}

impl LateWork {
    /// Polls what is left here for as long as it is polled itself; dropped, it drops all of it.
    pub(crate) async fn run(mut self) {
        let (mut keys, mut open) = (HashSet::new(), FuturesUnordered::new());
        loop {
            tokio::select! {
                Some(key) = open.next() => {
                    keys.remove(&key);
                }
                Some((key, answer)) = self.0.recv(), if open.len() < AT_ONCE => {
                    if keys.insert(LateKey::clone(&key)) {
                        open.push(async move {
                            let _ = timeout(LIMIT, answer).await;
                            key
                        });
                    }
                }
                else => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::Semaphore;
    use tokio::task::yield_now;

    fn key(path: usize) -> LateKey {
        (ProjectName::parse("p").unwrap(), RequestPath::parse(&path.to_string()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_bounded_number_is_seen_through_and_each_once() {
        let (late, work) = LateAnswers::new();
        let working = tokio::spawn(work.run());
        let (begun, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let leave = async |path: usize| {
            let (begun, gate) = (begun.clone(), gate.clone());
            let answer = async move {
                begun.fetch_add(1, Ordering::Relaxed);
                let _ = gate.acquire().await;
            };
            late.see_through(key(path), Box::pin(answer));
            yield_now().await;
        };
        leave(0).await;
        leave(0).await;
        assert_eq!(begun.load(Ordering::Relaxed), 1, "the same twice");
        for path in 1..2 * AT_ONCE {
            leave(path).await;
        }
        assert_eq!(begun.load(Ordering::Relaxed), AT_ONCE);
        gate.add_permits(1_000);
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(begun.load(Ordering::Relaxed), AT_ONCE + QUEUE);
        drop(late);
        working.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn none_is_seen_through_for_ever() {
        let (late, work) = LateAnswers::new();
        late.see_through(key(0), Box::pin(std::future::pending()));
        drop(late);
        work.run().await;
    }
}
