//! One connection: requests in, answers out, until it ends, stalls or is told to stop.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONNECTION;
use http::{HeaderValue, Request, StatusCode, Version};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::activity::Activity;
use super::closing::Closing;
use super::listener::Answer;
use super::sent::Sent;
use super::tls::{Opened, Tls};
use super::to_https::ToHttps;
use crate::counts::COUNTS;

/// A head that takes longer has a sender who wants to hold the connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes of a request's head at most, and about what is buffered of an answer, beyond the chunk that is being sent.
const BUFFER: usize = 64 << 10;
/// Fields of a request's head at most.
const MAX_HEADERS: usize = 64;
/// Bytes of a head at most in HTTP/2.
const MAX_HEADER_BYTES: u32 = 32 << 10;
/// Requests at once on an HTTP/2 connection; each may hold some chunks.
const MAX_STREAMS: u32 = 64;
/// How often a connection is looked at for being idle or overdue.
const LOOK: Duration = Duration::from_secs(5);

/// What a connection is served with.
pub(crate) struct Connection<A> {
    pub(crate) answer: Arc<A>,
    pub(crate) remote: SocketAddr,
    pub(crate) drain: Duration,
    pub(crate) leaving: CancellationToken,
    pub(crate) cancel: CancellationToken,
}

impl<A: Answer> Connection<A> {
    /// Shakes hands, for as long as `limit`, and serves. Who speaks plain HTTP is sent to https.
    pub(crate) async fn secure(self, tls: &Tls, limit: Duration, stream: TcpStream) {
        // Apart, so that a connection does not keep the space of its handshake all along.
        let opened = tokio::select! {
            opened = Box::pin(tls.open(stream, limit)) => opened,
            () = self.cancel.cancelled() => return,
        };
        match opened {
            Ok(Opened::Encrypted(stream)) => self.serve(stream).await,
            Ok(Opened::Plain(stream)) => {
                let Self { remote, drain, leaving, cancel, .. } = self;
                Connection { answer: Arc::new(ToHttps), remote, drain, leaving, cancel }.serve(stream).await;
            }
            Err(error) => tracing::debug!(%error, remote = %self.remote, "tls.handshake_failed"),
        }
    }

    /// Serves until the end. After an upgrade the stream is no longer this one's.
    pub(crate) async fn serve<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { answer, remote, drain, leaving, cancel } = self;
        let _open = Open::new();
        let activity = Activity::new();
        let service = service_fn(|request: Request<Incoming>| {
            let reusable = request.version() <= Version::HTTP_11;
            let (answer, in_flight) = (answer.clone(), activity.begin(!reusable));
            async move {
                let mut response = answer.answer(request, remote).await;
                if reusable && in_flight.is_last() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
                COUNTS.responded(response.status());
                Ok::<_, Infallible>(response.map(|body| Sent::new(body, in_flight)))
            }
        });
        let builder = builder();
        let mut connection = Box::pin(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
        let mut look = Instant::now() + LOOK;
        let (mut told, mut closing) = (false, None);
        loop {
            tokio::select! {
                result = connection.as_mut() => {
                    if let Err(error) = result {
                        tracing::debug!(%error, %remote, "http.connection_failed");
                    }
                    break;
                }
                () = leaving.cancelled(), if !told => {
                    told = true;
                    activity.leave();
                }
                () = cancel.cancelled(), if closing.is_none() => {
                    closing = Some(Closing::new(drain));
                    look = Instant::now();
                }
                () = sleep_until(look) => {
                    if activity.is_idle() || closing.as_ref().is_some_and(Closing::is_over) {
                        tracing::debug!(%remote, "http.connection_dropped");
                        break;
                    }
                    look = Instant::now() + LOOK;
                    if let Some(closing) = &mut closing {
                        if closing.tell(&activity) {
                            connection.as_mut().graceful_shutdown();
                        }
                        look = closing.look(look);
                    }
                }
            }
        }
    }
}

/// Counts a connection for as long as it is served, however that ends.
struct Open(metrics::Gauge);

impl Open {
    fn new() -> Self {
        let open = metrics::gauge!("crowd_http_connections");
        open.increment(1);
        Self(open)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_BYTES)
        .max_send_buf_size(BUFFER)
        .keep_alive_interval(HEAD_TIMEOUT)
        .keep_alive_timeout(HEAD_TIMEOUT);
    builder
}
