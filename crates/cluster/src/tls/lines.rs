//! The one place that knows whether nodes speak plain or TLS, and how a node is called.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crowd_tls::{Reloading, TlsError};
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::files::ClusterTlsFiles;
use super::line::Line;
use super::node_tls::NodeTls;
use super::refusal::Refusal;
use super::refusals::{Direction, Refusals};
use super::trust::node_name;
use crate::backoff::jittered;

/// How long a line is in use at most before another one takes its place. What the other side renews is not seen here:
/// so it is, long before what it showed at first ends.
pub(crate) const LASTS: Duration = Duration::from_secs(3_600);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// How connections between nodes are secured. Cheap to clone; one for all that a node has to do with others.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    tls: Option<Reloading<NodeTls>>,
    refusals: Refusals,
}

impl Lines {
    /// Not at all: whoever reaches a node's cluster port may do what a node may.
    pub fn plain() -> Self {
        Self::default()
    }

    /// By TLS, where both sides show a certificate of the authority in `files`. Fails where this node's own is none.
    pub async fn secure(ClusterTlsFiles { ca, cert, key }: ClusterTlsFiles) -> Result<Self, TlsError> {
        let tls = Reloading::load("cluster", [ca, cert, key], NodeTls::make).await?;
        Ok(Self(Arc::new(Inner { tls: Some(tls), refusals: Refusals::default() })))
    }

    /// True where nodes show certificates.
    pub fn is_secure(&self) -> bool {
        self.0.tls.is_some()
    }

    /// Follows the files for as long as it is polled. What they newly hold is used from the next handshake on, and
    /// lines with nodes that it no longer trusts end.
    pub async fn follow(&self) -> Infallible {
        match &self.0.tls {
            Some(tls) => tls.follow().await,
            None => pending().await,
        }
    }

    /// Tells whenever what this node shows or trusts has changed, or a line that is begun now has grown old. What was
    /// begun before had better be begun anew, since lines may soon end.
    pub(crate) fn renewals(&self) -> Renewals {
        let old = Instant::now() + jittered(LASTS);
        Renewals(self.0.tls.as_ref().map(|tls| (tls.reloads(), old)))
    }

    pub(crate) fn tls(&self) -> Option<&Reloading<NodeTls>> {
        self.0.tls.as_ref()
    }

    pub(crate) fn refusals(&self) -> &Refusals {
        &self.0.refusals
    }

    /// What the flags of this node or of the one at `address` have to be changed for, where they do.
    pub(crate) fn misfit(&self, address: &str) -> Option<String> {
        let refusal = self.0.refusals.last(address).filter(Refusal::is_of_flags)?;
        Some(refusal.to_string())
    }

    async fn called(self, tcp: TcpStream, address: Arc<str>) -> io::Result<Line> {
        let Some(tls) = self.tls() else { return Ok(Line::plain(self, Direction::Out, address, tcp)) };
        let node = tls.current();
        match TlsConnector::from(node.client.clone()).connect(node_name(), tcp).await {
            Ok(stream) => Ok(Line::secure(self.clone(), Direction::Out, address, stream.into(), node)),
            Err(error) => {
                if let Some(refusal) = Refusal::of(&error) {
                    self.refusals().note(Direction::Out, &address, refusal);
                }
                Err(error)
            }
        }
    }
}

/// Changes of what this node shows or trusts, and when a line is old without any.
#[derive(Debug, Clone)]
pub(crate) struct Renewals(Option<(watch::Receiver<u64>, Instant)>);

impl Renewals {
    /// The number of changes so far.
    pub(crate) fn count(&self) -> u64 {
        self.0.as_ref().map_or(0, |(reloads, _)| *reloads.borrow())
    }

    /// Resolves at the next change, or when the time is over; never among nodes that speak plain.
    pub(crate) async fn next(&mut self) {
        match &mut self.0 {
            Some((reloads, old)) => match timeout_at(*old, reloads.changed()).await {
                Ok(Ok(())) | Err(_) => {}
                Ok(Err(_)) => pending().await,
            },
            None => pending().await,
        }
    }
}

/// What calls the node at `address`, `HOST:PORT`, each time that a channel to it wants a connection. An address that
/// takes no connection within `limit` is not there.
pub(crate) fn dial(lines: &Lines, address: &str, limit: Duration) -> Dial {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(limit));
    Dial { lines: lines.clone(), address: address.into(), tcp }
}

/// Calls one node.
#[derive(Debug, Clone)]
pub(crate) struct Dial {
    lines: Lines,
    address: Arc<str>,
    tcp: HttpConnector,
}

impl Service<Uri> for Dial {
    type Response = TokioIo<Line>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(BoxError::from)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connecting, lines, address) = (self.tcp.call(uri), self.lines.clone(), self.address.clone());
        Box::pin(async move {
            let tcp = connecting.await?.into_inner();
            Ok(TokioIo::new(lines.called(tcp, address).await?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_line_is_renewed_at_each_change_and_when_it_is_old() {
        let (changes, reloads) = watch::channel(0);
        let begun = Instant::now();
        let mut renewals = Renewals(Some((reloads, begun + LASTS)));
        changes.send_replace(1);
        renewals.next().await;
        assert_eq!((renewals.count(), begun.elapsed()), (1, Duration::ZERO));
        renewals.next().await;
        assert_eq!(begun.elapsed(), LASTS);
    }
}
