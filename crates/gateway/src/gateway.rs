//! The gateway itself: offers each request to its handlers in order, and finishes what they answer.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use crowd_protocol::TraceParent;
use crowd_relay::{continue_trace, current_trace};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::asked::{Asked, Manner};
use crate::handlers::{Assets, ChunkBytes, ForeignWorkers, Landing, ProjectFiles, Releases, Upgrades};
use crate::hosts::Hosts;
use crate::refusal::Refusal;
use crate::server::{Answer, listen};
use crate::{Body, GatewayConfig, ServerConfig};

/// Answers a kind of request.
#[async_trait]
pub(crate) trait Handler: Send + Sync + 'static {
    /// True where this one answers, and nobody after it.
    fn takes(&self, asked: &Asked) -> bool;

    async fn answer(&self, asked: Asked, body: Incoming) -> Result<Response<Body>, Refusal>;
}

pub(crate) type Route = Box<dyn Handler>;

/// What serves the public port.
pub struct Gateway {
    hosts: Arc<Hosts>,
    /// In the order in which they are asked. What is the node's own, `/.crowd/`, comes before any project.
    routes: [Route; 7],
}

impl Gateway {
    /// A gateway to what the relay of `config` finds.
    pub fn new(config: GatewayConfig) -> Arc<Self> {
        let GatewayConfig { relay, sockets, node, public_url, domain } = config;
        let hosts = Arc::new(Hosts::new(&public_url, domain.as_deref()));
        // A name that can't be a header's value is no reason to serve nothing.
        let node = HeaderValue::try_from(node).unwrap_or_else(|_| HeaderValue::from_static("node"));
        let routes: [Route; 7] = [
            Box::new(Upgrades { sockets, hosts: hosts.clone() }),
            Box::new(Releases { relay: relay.clone() }),
            Box::new(ChunkBytes { relay: relay.clone() }),
            Box::new(Assets),
            Box::new(ForeignWorkers),
            Box::new(Landing::new(hosts.domain())),
            Box::new(ProjectFiles { relay, hosts: hosts.clone(), node }),
        ];
        Arc::new(Self { hosts, routes })
    }

    /// Answers connections of `listener`, HTTP/1.1 and HTTP/2 alike, until `cancel`; then lets open answers end, for as
    /// long as `config` allows.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        config: ServerConfig,
        cancel: CancellationToken,
    ) {
        listen(self, listener, config, cancel).await;
    }

    async fn respond(&self, request: Request<Incoming>, remote: SocketAddr) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let manner = Manner::of(&parts);
        let answer = match Asked::read(parts, &self.hosts, remote) {
            Ok(asked) => offer(&self.routes, asked, body).await,
            Err(refusal) => Err(refusal),
        };
        finish(answer, manner)
    }
}

impl Answer for Gateway {
    async fn answer(self: Arc<Self>, request: Request<Incoming>, remote: SocketAddr) -> Response<Body> {
        let span = tracing::info_span!(
            "http.request",
            method = %request.method(),
            host = request.headers().get("host").and_then(|host| host.to_str().ok()),
            path = request.uri().path(),
            status = tracing::field::Empty,
        );
        continue_trace(&span, trace_of(request.headers()));
        let response = self.respond(request, remote).instrument(span.clone()).await;
        span.record("status", response.status().as_u16());
        response
    }
}

fn trace_of(headers: &HeaderMap) -> Option<TraceParent> {
    TraceParent::parse(headers.get("traceparent")?.to_str().ok()?)
}

/// The answer of the first handler that takes the request.
pub(crate) async fn offer(routes: &[Route], asked: Asked, body: Incoming) -> Result<Response<Body>, Refusal> {
    match routes.iter().find(|route| route.takes(&asked)) {
        Some(route) => route.answer(asked, body).await,
        None => Err(Refusal::not_found("there is nothing at this address")),
    }
}

/// Turns refusals into answers; leaves the body out where only the head was asked for.
pub(crate) fn finish(answer: Result<Response<Body>, Refusal>, manner: Manner) -> Response<Body> {
    let mut response = answer.unwrap_or_else(|refusal| {
        let trace = current_trace().map(|trace| hex::encode(trace.trace_id)).unwrap_or_default();
        refusal.into_response(manner.navigation, &trace)
    });
    if manner.head {
        let body = std::mem::replace(response.body_mut(), Body::empty());
        if let Some(size) = body.size().filter(|size| *size > 0) {
            response.headers_mut().entry(CONTENT_LENGTH).or_insert(HeaderValue::from(size));
        }
    }
    response
}
