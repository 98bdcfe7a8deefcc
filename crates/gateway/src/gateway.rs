//! The gateway itself: offers each request to its handlers in order, and finishes what they answer.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use http::header::CONTENT_LENGTH;
use http::{HeaderName, HeaderValue, Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::asked::{Asked, Manner};
use crate::content::Stylesheets;
use crate::handlers::{
    Assets, ChunkBytes, ClientConfig, ForeignWorkers, Holders, Landing, Manage, OtherSites, Preflights,
    ProjectFiles, Releases, Resets, Samples, Upgrades,
};
use crate::hosts::Hosts;
use crate::late::{LateAnswers, LateWork};
use crate::refusal::Refusal;
use crate::server::{Answer, Port, listen};
use crate::trace::{answered, door, routed, tell};
use crate::{Body, GatewayConfig, ServerConfig, Tls};

const NODE: HeaderName = HeaderName::from_static("x-crowd-node");

/// Answers a kind of request.
#[async_trait]
pub(crate) trait Handler: Send + Sync + 'static {
    /// True where this one answers, and nobody after it.
    fn takes(&self, asked: &Asked) -> bool;

    /// The form of the addresses that it answers, for who reads traces.
    fn route(&self) -> &'static str;

    async fn answer(&self, asked: Asked, body: Incoming) -> Result<Response<Body>, Refusal>;
}

pub(crate) type Route = Box<dyn Handler>;

/// What serves the public port.
pub struct Gateway {
    hosts: Arc<Hosts>,
    /// In the order in which they are asked. What is the node's own, `/.crowd/`, comes before any project.
    routes: [Route; 14],
    node: HeaderValue,
    /// For who serves first.
    late: Mutex<Option<LateWork>>,
    tls: Option<Tls>,
}

impl Gateway {
    /// A gateway to what the relay of `config` finds.
    pub fn new(config: GatewayConfig) -> Arc<Self> {
        let hosts = Hosts::new(&config.public_url, config.domain.as_deref()).encrypted(config.tls.is_some());
        let hosts = Arc::new(hosts);
        let client_config = ClientConfig::new(&config, hosts.clone());
        let GatewayConfig { relay, sockets, node, tls, .. } = config;
        let (late, late_work) = LateAnswers::new();
        // A name that can't be a header's value is no reason to serve nothing.
        let name = HeaderValue::try_from(&node).unwrap_or_else(|_| HeaderValue::from_static("node"));
        let sheets = Stylesheets::new();
        let routes: [Route; 14] = [
            Box::new(ForeignWorkers),
            Box::new(Preflights),
            Box::new(Upgrades { sockets, hosts: hosts.clone() }),
            Box::new(Releases { relay: relay.clone() }),
            Box::new(ChunkBytes { relay: relay.clone() }),
            Box::new(Holders { relay: relay.clone(), node }),
            Box::new(client_config),
            Box::new(Samples),
            Box::new(OtherSites { hosts: hosts.clone() }),
            Box::new(Manage),
            Box::new(Assets),
            Box::new(Landing::new(hosts.domain())),
            Box::new(Resets),
            Box::new(ProjectFiles { relay, hosts: hosts.clone(), sheets, late }),
        ];
        Arc::new(Self { hosts, routes, node: name, late: Mutex::new(Some(late_work)), tls })
    }

    /// Answers connections of `listener`, HTTP/1.1 and HTTP/2 alike, until `cancel`; then lets open answers end, for as
    /// long as `config` allows. With TLS, the certificate is followed meanwhile.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        config: ServerConfig,
        cancel: CancellationToken,
    ) {
        let late = self.late.lock().unwrap_or_else(PoisonError::into_inner).take();
        let late = async {
            if let Some(late) = late {
                late.run().await;
            }
            std::future::pending().await
        };
        let tls = self.tls.clone();
        tokio::select! {
            () = listen(self, Port { listener, config, tls }, cancel) => {}
            () = late => {}
        }
    }

    async fn respond(&self, request: Request<Incoming>, remote: SocketAddr) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let manner = Manner::of(&parts);
        let answer = match Asked::read(parts, &self.hosts, remote) {
            Ok(asked) => offer(&self.routes, asked, body).await,
            Err(refusal) => Err(refusal),
        };
        let mut response = finish(answer, manner);
        response.headers_mut().insert(NODE, self.node.clone());
        response
    }
}

impl Answer for Gateway {
    async fn answer(self: Arc<Self>, request: Request<Incoming>, remote: SocketAddr) -> Response<Body> {
        let door = door(&request, &self.node, self.tls.is_some());
        let response = door.run(self.respond(request, remote)).await;
        answered(door.span(), response.status());
        response
    }
}

/// The answer of the first handler that takes the request.
pub(crate) async fn offer(routes: &[Route], asked: Asked, body: Incoming) -> Result<Response<Body>, Refusal> {
    match routes.iter().find(|route| route.takes(&asked)) {
        Some(route) => {
            routed(&asked.parts.method, route.route());
            route.answer(asked, body).await
        }
        None => Err(Refusal::not_found("there is nothing at this address")),
    }
}

/// Turns refusals into answers; leaves the body out where only the head was asked for.
pub(crate) fn finish(answer: Result<Response<Body>, Refusal>, manner: Manner) -> Response<Body> {
    let trace = crowd_trace::current().or(manner.trace);
    let mut response = answer.unwrap_or_else(|refusal| {
        let trace = trace.map(|trace| trace.trace_id_hex()).unwrap_or_default();
        refusal.into_response(manner.destination, &trace)
    });
    if let Some(trace) = trace {
        tell(response.headers_mut(), trace);
    }
    if manner.head {
        let body = std::mem::replace(response.body_mut(), Body::empty());
        if let Some(size) = body.size().filter(|size| *size > 0) {
            response.headers_mut().entry(CONTENT_LENGTH).or_insert(HeaderValue::from(size));
        }
    }
    response
}
