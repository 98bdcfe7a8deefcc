//! Accepts connections until it is told to stop, then waits for those that are open.

use std::future::pending;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Tls;
use super::connection::Connection;
use crate::{Body, ServerConfig};

/// After an accept that failed because the system ran out of something.
const BREATHER: Duration = Duration::from_millis(100);

/// Answers one request.
pub(crate) trait Answer: Send + Sync + 'static {
    fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        remote: SocketAddr,
    ) -> impl Future<Output = Response<Body>> + Send;
}

/// A port that is bound, and how it is served.
pub(crate) struct Port {
    pub(crate) listener: TcpListener,
    pub(crate) config: ServerConfig,
    /// What it is encrypted with; none for plain HTTP.
    pub(crate) tls: Option<Tls>,
}

/// Serves `port` until `cancel`, and returns when its connections have ended. Dropped, it ends them at once.
pub(crate) async fn listen<A: Answer>(answer: Arc<A>, port: Port, cancel: CancellationToken) {
    let Port { listener, config, tls } = port;
    let places = Arc::new(Semaphore::new(config.max_connections.min(Semaphore::MAX_PERMITS)));
    let mut connections = JoinSet::new();
    let mut following = pin!(async {
        match &tls {
            Some(tls) => tls.follow().await,
            None => pending().await,
        }
    });
    loop {
        let accepted = async {
            // Who finds no place waits in the system's backlog.
            let place = places.clone().acquire_owned().await.expect("it is never closed");
            (place, listener.accept().await)
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => break,
            Some(_) = connections.join_next() => {}
            never = following.as_mut() => match never {},
            (place, accepted) = accepted => match accepted {
                Ok((stream, remote)) => {
                    let connection = Connection {
                        answer: answer.clone(),
                        remote,
                        drain: config.drain,
                        leaving: config.leaving.clone(),
                        cancel: cancel.clone(),
                    };
                    let tls = tls.clone();
                    connections.spawn(async move {
                        let _place = place;
                        let stream = prepare(stream);
                        match tls {
                            Some(tls) => connection.secure(&tls, config.handshake, stream).await,
                            None => connection.serve(stream).await,
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "http.accept_failed");
                    metrics::counter!("crowd_http_accept_failures_total").increment(1);
                    sleep(BREATHER).await;
                }
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

fn prepare(stream: TcpStream) -> TcpStream {
    // Heads and last pieces are small; it only costs speed where it fails.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "http.nodelay_failed");
    }
    stream
}
