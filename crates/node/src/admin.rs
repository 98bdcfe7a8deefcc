//! The admin port: health, readiness, metrics and status, for the operator alone.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use crowd_telemetry::Metrics;
use http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::parts::Parts;
use crate::status::Status;

/// Connections at once; an operator's tools need few.
const CONNECTIONS: usize = 64;
/// A request's head has this long to arrive.
const HEAD: Duration = Duration::from_secs(10);

/// Answers from the moment the port is bound; what is not there before the node has joined says so.
pub(crate) struct Admin {
    pub(crate) parts: Arc<OnceLock<Arc<Parts>>>,
    pub(crate) metrics: Option<Metrics>,
    pub(crate) started: Instant,
}

impl Admin {
    pub(crate) async fn serve(self, listener: TcpListener, shutdown: CancellationToken) {
        let (admin, tasks) = (Arc::new(self), TaskTracker::new());
        let places = Arc::new(tokio::sync::Semaphore::new(CONNECTIONS));
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
            let Ok(place) = places.clone().try_acquire_owned() else { continue };
            let (admin, shutdown) = (admin.clone(), shutdown.clone());
            tasks.spawn(async move {
                let _place = place;
                let service = service_fn(|request| {
                    let admin = admin.clone();
                    async move { Ok::<_, Infallible>(admin.answer(request).await) }
                });
                let mut http = hyper::server::conn::http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(HEAD);
                tokio::select! {
                    _ = http.serve_connection(TokioIo::new(socket), service) => {}
                    () = shutdown.cancelled() => {}
                }
            });
        }
        tasks.close();
        tasks.wait().await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return text(StatusCode::METHOD_NOT_ALLOWED, "the admin port answers GET\n");
        }
        let parts = self.parts.get();
        match request.uri().path() {
            "/healthz" => text(StatusCode::OK, "alive\n"),
            "/readyz" => match parts.is_some_and(|parts| parts.is_ready()) {
                true => text(StatusCode::OK, "ready\n"),
                false => text(StatusCode::SERVICE_UNAVAILABLE, "not ready: joining or leaving\n"),
            },
            "/metrics" => {
                let metrics = self.metrics.map(Metrics::render).unwrap_or_default();
                with_type(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", metrics)
            }
            "/api/cluster" => match parts {
                Some(parts) => {
                    let status = Status::read(parts, self.started).await;
                    let json = serde_json::to_string(&status).expect("a status has only text keys");
                    with_type(StatusCode::OK, "application/json", json)
                }
                None => text(StatusCode::SERVICE_UNAVAILABLE, "this node is still joining\n"),
            },
            _ => text(StatusCode::NOT_FOUND, "try /healthz, /readyz, /metrics or /api/cluster\n"),
        }
    }
}

fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    with_type(status, "text/plain; charset=utf-8", body)
}

fn with_type(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::builder()
        .status(status)
        .header(CONTENT_TYPE, media_type)
        .header(X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(Full::new(body.into()))
        .expect("these headers are valid")
}
