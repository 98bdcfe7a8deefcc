//! Waiting for what has to become true, and for what must not take long.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// How long anything may take to become true.
const PATIENCE: Duration = Duration::from_secs(15);

/// Polls `check` until it gives a value; panics, saying `what` was waited for, where it never does.
pub async fn eventually<T>(what: &str, mut check: impl AsyncFnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = check().await {
            return value;
        }
        assert!(Instant::now() < give_up, "never happened: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Awaits `future` for at most `limit`; panics, saying `what` hung, where it takes longer.
pub async fn within<T>(limit: Duration, what: &str, future: impl Future<Output = T>) -> T {
    match timeout(limit, future).await {
        Ok(value) => value,
        Err(_) => panic!("took longer than {limit:?}: {what}"),
    }
}
