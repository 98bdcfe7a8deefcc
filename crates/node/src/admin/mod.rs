//! The admin port: health, readiness, metrics, status and the operator's page; for the operator alone.

mod page;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use crowd_telemetry::Metrics;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::gauges;
use crate::status::Board;

/// Connections at once; an operator's tools and pages need few. One more takes the place of the oldest: whoever holds
/// them all keeps nobody out, least of all who asks whether this node lives.
const CONNECTIONS: usize = 64;
/// How long a connection may take, from its beginning until its one answer is read: as long as Prometheus waits.
const WHOLE: Duration = Duration::from_secs(10);

/// Answers from the moment the port is bound; what is not there before the node has joined says so.
pub(crate) struct Admin {
    pub(crate) board: Arc<OnceLock<Board>>,
    pub(crate) metrics: Option<Metrics>,
}

impl Admin {
    pub(crate) async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        let admin = Arc::new(self);
        let (mut tasks, mut open) = (JoinSet::new(), VecDeque::<AbortHandle>::new());
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = shutdown.cancelled() => break,
            };
            let Ok((socket, _)) = accepted else {
                // Out of descriptors, mostly: trying again at once would only spin.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            while tasks.try_join_next().is_some() {}
            open.retain(|connection| !connection.is_finished());
            if open.len() == CONNECTIONS
                && let Some(oldest) = open.pop_front()
            {
                oldest.abort();
            }
            open.push_back(tasks.spawn(admin.clone().serve_one(socket)));
        }
        tasks.shutdown().await;
    }

    /// One request and its answer: the next one is cheap to connect for, and none is waited for.
    async fn serve_one(self: Arc<Self>, socket: TcpStream) {
        let service = service_fn(|request| {
            let admin = self.clone();
            async move { Ok::<_, Infallible>(admin.answer(request).await) }
        });
        let mut http = hyper::server::conn::http1::Builder::new();
        http.keep_alive(false).header_read_timeout(None);
        let serving = http.serve_connection(TokioIo::new(socket), service);
        // Who does not read on is left.
        let _ = timeout(WHOLE, serving).await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return text(StatusCode::METHOD_NOT_ALLOWED, "the admin port answers GET\n");
        }
        let board = self.board.get();
        match request.uri().path() {
            "/healthz" => text(StatusCode::OK, "alive\n"),
            "/readyz" => match board.is_some_and(|board| board.parts().is_ready()) {
                true => text(StatusCode::OK, "ready\n"),
                false => text(StatusCode::SERVICE_UNAVAILABLE, "not ready: joining or leaving\n"),
            },
            "/metrics" => {
                if let Some(board) = board {
                    gauges::set(board.parts());
                }
                let metrics = match self.metrics {
                    // Off the threads that answer visitors: there may be a hundred thousand descriptors to count.
                    Some(metrics) => spawn_blocking(move || metrics.render()).await.unwrap_or_default(),
                    None => String::new(),
                };
                with_type(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics)
            }
            path if path.starts_with("/api/") => match board {
                Some(board) => api(board, path).await,
                None => text(StatusCode::SERVICE_UNAVAILABLE, "this node is still joining\n"),
            },
            path => page::answer(path).unwrap_or_else(nothing),
        }
    }
}

async fn api(board: &Board, path: &str) -> Response<Full<Bytes>> {
    match path {
        "/api/cluster" => json(&board.brief().await),
        "/api/overview" => json(&*board.overview().await),
        "/api/ring" => json(&board.ring()),
        _ => nothing(),
    }
}

fn nothing() -> Response<Full<Bytes>> {
    let known = "try /, /healthz, /readyz, /metrics, /api/cluster, /api/overview or /api/ring\n";
    text(StatusCode::NOT_FOUND, known)
}

fn json(answer: &impl Serialize) -> Response<Full<Bytes>> {
    let body = serde_json::to_string(answer).expect("what is shown has only text keys");
    let mut response = with_type(StatusCode::OK, "application/json", body);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    with_type(status, "text/plain; charset=utf-8", body)
}

fn with_type(status: StatusCode, media_type: &str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, media_type)
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(Full::new(body.into()))
        .expect("these headers are valid")
}
