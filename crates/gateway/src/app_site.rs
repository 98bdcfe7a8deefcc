//! The app port: the landing page and the app's own files, as any web server could serve them.

use std::net::SocketAddr;
use std::sync::Arc;

use http::{Request, Response, Uri};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::asked::{Asked, Manner};
use crate::gateway::{Route, finish, offer};
use crate::handlers::{Assets, Landing};
use crate::hosts::Hosts;
use crate::server::{Answer, listen};
use crate::{Body, ServerConfig};

/// What serves the app port. It knows no project and no peer.
pub struct AppSite {
    hosts: Hosts,
    routes: [Route; 2],
}

impl AppSite {
    /// `public_url` is how the world reaches the node, `domain` the one that projects have their origins under.
    pub fn new(public_url: &Uri, domain: Option<&str>) -> Arc<Self> {
        let hosts = Hosts::new(public_url, domain);
        let landing = Landing::new(hosts.domain());
        Arc::new(Self { hosts, routes: [Box::new(Assets), Box::new(landing)] })
    }

    /// Answers connections of `listener` until `cancel`, then lets open answers end.
    pub async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        config: ServerConfig,
        cancel: CancellationToken,
    ) {
        listen(self, listener, config, cancel).await;
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
