//! What is made of some PEM files, and made again when they change, without a restart.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::expiry::tell;
use crate::follower::Follower;
use crate::{Certificate, Pem, TlsError};

/// How often the files are looked at. They are small and read whole, so that no way of replacing them goes unseen: in
/// place, by a rename, or by the symlinks through which Kubernetes swaps a mounted secret.
const LOOK: Duration = Duration::from_secs(2);

/// A `T` made of files, and the files that it comes from. Cheap to clone.
pub struct Reloading<T>(pub(crate) Arc<Inner<T>>);

/// Makes a `T` of what the files hold, in the order in which they were named, and says which certificate it shows.
type Make<T> = Box<dyn Fn(&[Pem]) -> Result<(T, Certificate), TlsError> + Send + Sync>;

/// What a look at the files came to: their contents' hashes, or why they can't be read.
pub(crate) type Seen = Result<Vec<[u8; 32]>, String>;

pub(crate) struct Inner<T> {
    /// Whose certificate it is, as metrics and logs have it.
    pub(crate) port: &'static str,
    files: Vec<PathBuf>,
    pub(crate) make: Make<T>,
    pub(crate) current: ArcSwap<T>,
    pub(crate) reloads: watch::Sender<u64>,
    /// What was loaded, for who follows the files from there on.
    pub(crate) first: (Seen, Certificate),
}

/// What the files hold now.
pub(crate) struct Look {
    pub(crate) seen: Seen,
    pub(crate) read: Result<Vec<Pem>, TlsError>,
}

impl<T: Send + Sync + 'static> Reloading<T> {
    /// Reads `files` and makes the first of them. `port` says whose certificate it is, in metrics and logs.
    pub async fn load(
        port: &'static str,
        files: impl IntoIterator<Item = PathBuf>,
        make: impl Fn(&[Pem]) -> Result<(T, Certificate), TlsError> + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
        let files: Vec<PathBuf> = files.into_iter().collect();
        let loading = spawn_blocking(move || {
            let Look { seen, read } = look(&files);
            let (made, certificate) = make(&read?)?;
            tell("tls.loaded", port, &certificate);
            let (make, current) = (Box::new(make), ArcSwap::from_pointee(made));
            let (first, reloads) = ((seen, certificate), watch::Sender::new(0));
            Ok(Self(Arc::new(Inner { port, files, make, current, reloads, first })))
        });
        loading.await.expect("reading certificates does not panic")
    }

    /// What the files made last that was good.
    pub fn current(&self) -> Arc<T> {
        self.0.current.load_full()
    }

    /// [`Reloading::current`] for a moment.
    pub fn peek(&self) -> Guard<Arc<T>> {
        self.0.current.load()
    }

    /// How often the files made a new one, as that changes.
    pub fn reloads(&self) -> watch::Receiver<u64> {
        self.0.reloads.subscribe()
    }

    /// Follows the files for as long as it is polled. What is no good is told, and what was in use before stays.
    pub async fn follow(&self) -> Infallible {
        let mut follower = Follower::new(self);
        loop {
            sleep(LOOK).await;
            follower.look().await;
        }
    }
}

impl<T> Inner<T> {
    /// What the files hold now. Blocks.
    pub(crate) fn look(&self) -> Look {
        look(&self.files)
    }
}

fn look(files: &[PathBuf]) -> Look {
    let read: Result<Vec<Pem>, TlsError> = files.iter().map(|path| Pem::read(path)).collect();
    let seen = read.as_ref().map(|pems| pems.iter().map(Pem::digest).collect());
    Look { seen: seen.map_err(ToString::to_string), read }
}

impl<T> Clone for Reloading<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Reloading<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reloading").field(&self.0.files).finish()
    }
}

#[cfg(test)]
mod tests;
