//! The way from the HTTP door to the sessions, which do not know each other.

use std::net::SocketAddr;

use bytes::Bytes;
use crowd_gateway::{Body, RequestOrigin, Sockets};
use crowd_session::Sessions;
use http::{Request, Response};
use hyper::body::Incoming;

/// Hands upgrades to the sessions.
pub(crate) struct SocketDoor(pub(crate) Sessions);

impl Sockets for SocketDoor {
    fn upgrade(
        &self,
        request: Request<Incoming>,
        origin: RequestOrigin,
        _remote: SocketAddr,
    ) -> Response<Body> {
        let origin = match origin {
            RequestOrigin::Program => crowd_session::RequestOrigin::Program,
            RequestOrigin::Node | RequestOrigin::Foreign => crowd_session::RequestOrigin::Page,
            RequestOrigin::Project(project) => crowd_session::RequestOrigin::Project(project),
            RequestOrigin::Opaque => crowd_session::RequestOrigin::Opaque,
        };
        self.0.accept(request, origin).map(|line| Body::full(Bytes::from_static(line.as_bytes())))
    }
}
