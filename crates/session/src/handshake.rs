//! The WebSocket upgrade: what a client has to offer, and what it is answered.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crowd_protocol::{ProjectName, SUBPROTOCOL};
use http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Where a connection comes from, by its `Origin`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestOrigin {
    /// No page: it may do everything.
    Program,
    /// A page that is no project's: it may do everything, and is not asked for more than a page should upload.
    Page,
    /// A page without an origin, as a sandboxed one of any project: it may neither host nor publish.
    Opaque,
    /// A page of this project: it may host this project only, and not publish.
    Project(ProjectName),
}

impl RequestOrigin {
    /// True for whatever runs in a browser.
    pub(crate) fn is_page(&self) -> bool {
        *self != Self::Program
    }

    /// True where releases may be published.
    pub(crate) fn may_publish(&self) -> bool {
        matches!(self, Self::Program | Self::Page)
    }
}

/// The answer to an upgrade request: 101, or why not.
pub(crate) fn answer<B>(request: &Request<B>) -> Result<Response<()>, (StatusCode, &'static str)> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err((StatusCode::METHOD_NOT_ALLOWED, "a WebSocket starts with GET"));
    }
    if !has_token(headers, CONNECTION, "upgrade") || !has_token(headers, UPGRADE, "websocket") {
        return Err((StatusCode::UPGRADE_REQUIRED, "this address speaks WebSocket only"));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err((StatusCode::BAD_REQUEST, "the WebSocket version is 13"));
    }
    if !offered(headers, SEC_WEBSOCKET_PROTOCOL).any(|protocol| protocol == SUBPROTOCOL) {
        return Err((StatusCode::BAD_REQUEST, "offer the WebSocket subprotocol crowd.v1"));
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).map(|key| key.as_bytes());
    let Some(key) = key.filter(|key| STANDARD.decode(key).is_ok_and(|nonce| nonce.len() == 16)) else {
        return Err((StatusCode::BAD_REQUEST, "Sec-WebSocket-Key is 16 bytes in base64"));
    };
    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL)
        .header(SEC_WEBSOCKET_ACCEPT, derive_accept_key(key));
    Ok(response.body(()).expect("these headers are valid"))
}

fn has_token(headers: &HeaderMap, name: http::HeaderName, token: &str) -> bool {
    offered(headers, name).any(|offered| offered.eq_ignore_ascii_case(token))
}

/// The parts of a header that is a list.
fn offered(headers: &HeaderMap, name: http::HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',').map(str::trim))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> http::request::Builder {
        Request::get("/.crowd/ws")
            .header("Connection", "keep-alive, Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
    }

    #[test]
    fn a_client_that_offers_the_subprotocol_is_upgraded() {
        let request = request().header("Sec-WebSocket-Protocol", "chat, crowd.v1").body(()).unwrap();
        let response = answer(&request).unwrap();
        assert_eq!(response.status(), 101);
        assert_eq!(response.headers()["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_client_that_does_not_is_refused() {
        let (status, _) = answer(&request().body(()).unwrap()).unwrap_err();
        assert_eq!(status, 400);
        let plain = Request::get("/.crowd/ws").body(()).unwrap();
        assert_eq!(answer(&plain).unwrap_err().0, 426);
    }
}
