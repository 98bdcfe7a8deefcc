//! One connection with another node. It ends soon after the certificate that the other side showed is no longer
//! trusted, or its time is over: pings cross every line each second or so, and each read looks whether the trust has
//! changed, or it is time to judge again.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::pki_types::UnixTime;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsStream;
use tonic::transport::server::Connected;

use super::lines::Lines;
use super::node_tls::NodeTls;
use super::refusal::Refusal;
use super::refusals::Direction;
use super::trust::Side;

/// How long a line goes on that is no longer trusted: what was asked over it may still be answered, while new asks
/// take another.
const LAST_ANSWERS: Duration = Duration::from_secs(10);
/// How often a line is judged though no file has changed: certificates end by themselves.
const JUDGE_AGAIN: Duration = Duration::from_secs(60);
/// The first byte of a TLS record that says what is wrong; no server of HTTP/2 begins with it.
const ALERT: u8 = 0x15;

/// A connection, plain or not.
pub(crate) struct Line {
    io: Io,
    lines: Lines,
    direction: Direction,
    /// The other side's, for the operator.
    address: Arc<str>,
    /// The other side has said something, so what it thinks of this one is known.
    heard: bool,
}

enum Io {
    Plain(TcpStream),
    Secure(Box<Secure>),
}

struct Secure {
    stream: TlsStream<TcpStream>,
    /// With what the other side's certificate was judged, and at which time of the world.
    judged: Arc<NodeTls>,
    at: UnixTime,
    /// When it is judged again, whatever comes.
    due: Instant,
    /// What made it distrusted, and when it ends for that.
    distrusted: Option<(Refusal, Instant)>,
}

impl Line {
    pub(crate) fn plain(lines: Lines, direction: Direction, address: Arc<str>, tcp: TcpStream) -> Self {
        Self { io: Io::Plain(tcp), lines, direction, address, heard: matches!(direction, Direction::In) }
    }

    pub(crate) fn secure(
        lines: Lines,
        direction: Direction,
        address: Arc<str>,
        stream: TlsStream<TcpStream>,
        judged: Arc<NodeTls>,
    ) -> Self {
        let due = Instant::now() + JUDGE_AGAIN;
        let secure = Secure { stream, judged, at: UnixTime::now(), due, distrusted: None };
        let heard = matches!(direction, Direction::In);
        Self { io: Io::Secure(Box::new(secure)), lines, direction, address, heard }
    }

    /// Judges the other side again where the files have changed since, and now and then.
    fn judge_again(&mut self) -> io::Result<()> {
        let (Io::Secure(secure), Some(tls)) = (&mut self.io, self.lines.tls()) else { return Ok(()) };
        let current = tls.peek();
        if !Arc::ptr_eq(&current, &secure.judged) || secure.due <= Instant::now() {
            secure.judge(&current);
        }
        match &secure.distrusted {
            Some((refusal, end)) if *end <= Instant::now() => {
                self.lines.refusals().note(self.direction, &self.address, refusal.clone());
                Err(io::Error::new(io::ErrorKind::PermissionDenied, refusal.clone()))
            }
            _ => Ok(()),
        }
    }

    /// The first that is heard of who was called: that it refuses this side's certificate is not known before, and
    /// a node that wants TLS says so by an alert.
    fn hear(&mut self, read: io::Result<()>, bytes: &[u8]) -> io::Result<()> {
        self.heard = true;
        let refusals = self.lines.refusals();
        match (read, &self.io) {
            (Ok(()), Io::Plain(_)) if bytes.first() == Some(&ALERT) => {
                refusals.note(self.direction, &self.address, Refusal::SpeaksTls);
                Err(io::Error::new(io::ErrorKind::InvalidData, Refusal::SpeaksTls))
            }
            (Ok(()), _) => {
                refusals.forget(&self.address);
                Ok(())
            }
            (Err(error), _) => {
                if let Some(refusal) = Refusal::of(&error) {
                    refusals.note(self.direction, &self.address, refusal);
                }
                Err(error)
            }
        }
    }
}

impl Secure {
    fn judge(&mut self, current: &Arc<NodeTls>) {
        let (side, shown) = match &self.stream {
            TlsStream::Client(stream) => (Side::Server, stream.get_ref().1.peer_certificates()),
            TlsStream::Server(stream) => (Side::Client, stream.get_ref().1.peer_certificates()),
        };
        // A clock that is set back makes no certificate too young.
        self.at = self.at.max(UnixTime::now());
        self.due = Instant::now() + JUDGE_AGAIN;
        let judged = current.trust.judge(side, shown.unwrap_or_default(), self.at);
        let since = self.distrusted.take().map(|(_, end)| end);
        self.distrusted = judged.err().map(|error| {
            (Refusal::of_certificate(&error), since.unwrap_or_else(|| Instant::now() + LAST_ANSWERS))
        });
        self.judged = current.clone();
    }
}

impl AsyncRead for Line {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let line = self.get_mut();
        line.judge_again()?;
        let before = buf.filled().len();
        let read = ready!(match &mut line.io {
            Io::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Io::Secure(secure) => Pin::new(&mut secure.stream).poll_read(cx, buf),
        });
        Poll::Ready(if line.heard { read } else { line.hear(read, &buf.filled()[before..]) })
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().io {
            Io::Plain(tcp) => Pin::new(tcp).poll_write(cx, buf),
            Io::Secure(secure) => Pin::new(&mut secure.stream).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().io {
            Io::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, bufs),
            Io::Secure(secure) => Pin::new(&mut secure.stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(tcp) => tcp.is_write_vectored(),
            Io::Secure(secure) => secure.stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Io::Secure(secure) => Pin::new(&mut secure.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Io::Secure(secure) => Pin::new(&mut secure.stream).poll_shutdown(cx),
        }
    }
}

impl Connected for Line {
    type ConnectInfo = Option<SocketAddr>;

    fn connect_info(&self) -> Self::ConnectInfo {
        match &self.io {
            Io::Plain(tcp) => tcp.peer_addr().ok(),
            Io::Secure(secure) => secure.stream.get_ref().0.peer_addr().ok(),
        }
    }
}

#[cfg(test)]
mod tests;
