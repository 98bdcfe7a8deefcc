//! One look at the files after another, and what is to be taken of what is seen.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::Instant;

use crate::expiry::{Expiry, tell};
use crate::reloading::{Look, Reloading, Seen};

/// What was refused is tried again this often, though the files stay as they are: what is good only from a moment on,
/// such as a certificate of an authority whose clock is ahead of this one, is refused for that once.
const AGAIN: Duration = Duration::from_secs(60);

/// Follows the files of one [`Reloading`].
pub(crate) struct Follower<'r, T> {
    reloading: &'r Reloading<T>,
    /// What was taken, or refused, last.
    tried: Seen,
    /// When it was refused; none where it was taken.
    refused: Option<Instant>,
    /// What was there at the last look, where that was something else.
    changing: Option<Seen>,
    expiry: Expiry,
}

impl<'r, T: Send + Sync + 'static> Follower<'r, T> {
    pub(crate) fn new(reloading: &'r Reloading<T>) -> Self {
        let (tried, certificate) = reloading.0.first.clone();
        Self {
            reloading,
            tried,
            refused: None,
            changing: None,
            expiry: Expiry::new(reloading.0.port, certificate),
        }
    }

    /// One look at the files: what has changed is taken once it was the same twice, since a certificate and its key
    /// are not replaced in the same moment.
    pub(crate) async fn look(&mut self) {
        self.expiry.warn();
        let inner = self.reloading.0.clone();
        let Look { seen, read } =
            spawn_blocking(move || inner.look()).await.expect("reading files does not panic");
        let again = seen == self.tried;
        if again {
            self.changing = None;
            if self.refused.is_none_or(|at| at.elapsed() < AGAIN) {
                return;
            }
        } else if self.changing.as_ref() != Some(&seen) {
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
                self.refused = None;
                "done"
            }
            Err(error) => {
                // Once for the same files; that it goes on is seen by the counter.
                if !again {
                    tracing::error!(port = inner.port, %error, "tls.reload_failed");
                }
                self.refused = Some(Instant::now());
                "failed"
            }
        };
        metrics::counter!("crowd_tls_reloads_total", "port" => inner.port, "outcome" => outcome).increment(1);
    }
}
