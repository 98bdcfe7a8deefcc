//! The app port: the landing page and the app's own files, as any web server could serve them, or the way to https.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::asked::{Asked, Manner};
use crate::gateway::{Route, finish, offer};
use crate::handlers::{Assets, ClientConfig, ForeignWorkers, Landing, Samples, ToPublic};
use crate::hosts::Hosts;
use crate::server::{Answer, Port, listen};
use crate::{Body, GatewayConfig, ServerConfig};

/// What serves the app port. It knows no project and no peer.
pub struct AppSite {
    hosts: Arc<Hosts>,
    routes: Vec<Route>,
}

impl AppSite {
    /// The app of the node whose gateway is made of `config`; the way to https where that speaks it.
    pub fn new(config: &GatewayConfig) -> Arc<Self> {
        let hosts = Arc::new(Hosts::new(&config.public_url, config.domain.as_deref()));
        if config.tls.is_some() {
            return Arc::new(Self { routes: vec![Box::new(ToPublic { hosts: hosts.clone() })], hosts });
        }
        let client_config = ClientConfig::new(config, hosts.clone());
        let landing = Landing::new(hosts.domain());
        let routes: Vec<Route> = vec![
            Box::new(ForeignWorkers),
            Box::new(client_config),
            Box::new(Samples),
            Box::new(Assets),
            Box::new(landing),
        ];
        Arc::new(Self { hosts, routes })
    }

    /// Answers connections of `listener` until `cancel`, then lets open answers end.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        config: ServerConfig,
        cancel: CancellationToken,
    ) {
        listen(self, Port { listener, config, tls: None }, cancel).await;
    }
}

impl Answer for AppSite {
    async fn answer(self: Arc<Self>, request: Request<Incoming>, remote: SocketAddr) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let manner = Manner::of(&parts);
        let answer = match Asked::read(parts, &self.hosts, remote) {
            Ok(asked) => offer(&self.routes, asked, body).await,
            Err(refusal) => Err(refusal),
        };
        finish(answer, manner)
    }
}
