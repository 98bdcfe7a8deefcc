//! The way from the HTTP door to the sessions, which do not know each other.

use std::net::SocketAddr;

use bytes::Bytes;
use crowd_gateway::{Body, Sockets};
use crowd_session::Sessions;
use http::{Request, Response};
use hyper::body::Incoming;

/// Hands upgrades to the sessions.
pub(crate) struct SocketDoor(pub(crate) Sessions);

impl Sockets for SocketDoor {
    fn upgrade(
        &self,
        request: Request<Incoming>,
        origin: crowd_gateway::RequestOrigin,
        _remote: SocketAddr,
    ) -> Response<Body> {
        let origin = match origin {
            crowd_gateway::RequestOrigin::Project(project) => crowd_session::RequestOrigin::Project(project),
            crowd_gateway::RequestOrigin::Opaque => crowd_session::RequestOrigin::Opaque,
            _ => crowd_session::RequestOrigin::Unrestricted,
        };
        self.0.accept(request, origin).map(|line| Body::full(Bytes::from_static(line.as_bytes())))
    }
}
