//! One look at the files after another, and what is to be taken of what is seen.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::expiry::{Expiry, tell};
use crate::reloading::{Look, Reloading, Seen};

/// Follows the files of one [`Reloading`].
pub(crate) struct Follower<'r, T> {
    reloading: &'r Reloading<T>,
    /// What was taken, or refused, last.
    tried: Seen,
    /// What was there at the last look, where that was something else.
    changing: Option<Seen>,
    expiry: Expiry,
}

impl<'r, T: Send + Sync + 'static> Follower<'r, T> {
    pub(crate) fn new(reloading: &'r Reloading<T>) -> Self {
        let (tried, certificate) = reloading.0.first.clone();
        Self { reloading, tried, changing: None, expiry: Expiry::new(reloading.0.port, certificate) }
    }

    /// One look at the files: what has changed is taken once it was the same twice, since a certificate and its key
    /// are not replaced in the same moment.
    pub(crate) async fn look(&mut self) {
        self.expiry.warn();
        let inner = self.reloading.0.clone();
        let Look { seen, read } =
            spawn_blocking(move || inner.look()).await.expect("reading files does not panic");
        if seen == self.tried {
            self.changing = None;
            return;
        }
        if self.changing.as_ref() != Some(&seen) {
            self.changing = Some(seen);
            return;
        }
        (self.tried, self.changing) = (seen, None);
        let inner = &*self.reloading.0;
        let outcome = match read.and_then(|pems| (inner.make)(&pems)) {
            Ok((made, certificate)) => {
                inner.current.store(Arc::new(made));
                inner.reloads.send_modify(|reloads| *reloads += 1);
                tell("tls.reloaded", inner.port, &certificate);
                self.expiry = Expiry::new(inner.port, certificate);
                "done"
            }
            Err(error) => {
                tracing::error!(port = inner.port, %error, "tls.reload_failed");
                "failed"
            }
        };
        metrics::counter!("crowd_tls_reloads_total", "port" => inner.port, "outcome" => outcome).increment(1);
    }
}
