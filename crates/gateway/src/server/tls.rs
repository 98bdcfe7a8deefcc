//! TLS of a port: shakes hands with the certificate that its files hold now, and follows them without a restart.

mod pair;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use crowd_protocol::ChunkHash;
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use self::pair::{Pair, Served};
pub use self::pair::{TlsError, TlsFiles};

/// How often the files are looked at. They are small and read whole, so that no way of replacing them goes unseen: in
/// place, by a rename, or by the symlinks through which Kubernetes swaps a mounted secret.
const LOOK: Duration = Duration::from_secs(2);
/// The first byte of a TLS record that begins a handshake; no method of HTTP begins with it.
const HANDSHAKE: u8 = 0x16;

/// A certificate that is served, and the files that it comes from. Cheap to clone.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    files: TlsFiles,
    config: ArcSwap<ServerConfig>,
    first: Seen,
}

/// What a look at the files came to: the pair's hashes, or why it can't be read.
type Seen = Result<(ChunkHash, ChunkHash), String>;

/// A connection whose first byte is here.
pub(crate) enum Opened {
    Encrypted(Box<TlsStream<TcpStream>>),
    /// It speaks plain HTTP, or nothing that can be understood.
    Plain(TcpStream),
}

impl Tls {
    /// Reads the certificate and its key.
    pub async fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let loading = spawn_blocking(move || {
            let pair = files.read()?;
            let (config, served) = files.config(&pair)?;
            tell("tls.loaded", &served);
            let (config, first) = (ArcSwap::from_pointee(config), Ok(pair.digest()));
            Ok(Self(Arc::new(Inner { files, config, first })))
        });
        loading.await.expect("reading certificates does not panic")
    }

    /// Shakes hands with a client, unless it does not want to.
    pub(crate) async fn open(&self, stream: TcpStream, limit: Duration) -> io::Result<Opened> {
        let opening = async {
            let mut first = [0];
            match stream.peek(&mut first).await? {
                0 => return Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
                _ if first[0] != HANDSHAKE => return Ok(Opened::Plain(stream)),
                _ => {}
            }
            let acceptor = TlsAcceptor::from(self.0.config.load_full());
            Ok(Opened::Encrypted(Box::new(acceptor.accept(stream).await?)))
        };
        let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut));
        let opened = timeout(limit, opening).await.unwrap_or_else(late);
        let outcome = match &opened {
            Ok(Opened::Encrypted(_)) => "done",
            Ok(Opened::Plain(_)) => "plain",
            Err(error) if error.kind() == io::ErrorKind::TimedOut => "timed_out",
            Err(_) => "failed",
        };
        metrics::counter!("crowd_tls_handshakes_total", "outcome" => outcome).increment(1);
        opened
    }

    /// Follows the files for as long as it is polled. What can't be served is told, and what was served before stays.
    pub(crate) async fn follow(&self) -> std::convert::Infallible {
        let mut follower = Follower::new(self);
        loop {
            sleep(LOOK).await;
            follower.look(self).await;
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.0.files).finish()
    }
}

struct Follower {
    /// What was served, or refused, last.
    tried: Seen,
    /// What was there at the last look, where that was something else.
    changing: Option<Seen>,
}

impl Follower {
    fn new(tls: &Tls) -> Self {
        Self { tried: tls.0.first.clone(), changing: None }
    }

    /// One look at the files: what has changed is taken once it was the same twice, since a certificate and its key
    /// are not replaced in the same moment.
    async fn look(&mut self, tls: &Tls) {
        let files = tls.0.files.clone();
        let read = spawn_blocking(move || files.read()).await.expect("reading files does not panic");
        let seen = read.as_ref().map(Pair::digest).map_err(ToString::to_string);
        if seen == self.tried {
            self.changing = None;
            return;
        }
        if self.changing.as_ref() != Some(&seen) {
            self.changing = Some(seen);
            return;
        }
        (self.tried, self.changing) = (seen, None);
        let outcome = match read.and_then(|pair| tls.0.files.config(&pair)) {
            Ok((config, served)) => {
                tls.0.config.store(Arc::new(config));
                tell("tls.reloaded", &served);
                "done"
            }
            Err(error) => {
                tracing::error!(%error, "tls.reload_failed");
                "failed"
            }
        };
        metrics::counter!("crowd_tls_reloads_total", "outcome" => outcome).increment(1);
    }
}

fn tell(event: &'static str, served: &Served) {
    let names = served.names();
    tracing::info!(names, not_after = %served, "{event}");
    if served.is_over() {
        tracing::warn!(names, not_after = %served, "tls.certificate_over");
    }
    if let Some(end) = served.not_after() {
        metrics::gauge!("crowd_tls_not_after_seconds").set(end as f64);
    }
}

#[cfg(test)]
mod tests;
