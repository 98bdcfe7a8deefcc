//! The port behind which WebSocket peers live.

use std::net::SocketAddr;

use hyper::body::Incoming;
use hyper::{Request, Response};

use crate::{Body, RequestOrigin};

/// Takes the requests to `/.crowd/ws`.
pub trait Sockets: Send + Sync + 'static {
    /// Answers an upgrade: 101 where it takes the connection, which it then gets from `hyper::upgrade::on`, or else why
    /// not. `origin` is whose page asks, `remote` the other end of the TCP connection.
    fn upgrade(
        &self,
        request: Request<Incoming>,
        origin: RequestOrigin,
        remote: SocketAddr,
    ) -> Response<Body>;
}
