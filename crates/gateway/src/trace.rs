//! The trace of a request over HTTP: its span at the door, and how the client learns of it.

use crowd_protocol::{Server, TraceParent};
use crowd_trace::{Asker, Door, fail, is_recorded, rename};
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Version};
use tracing::Span;
use tracing::field::Empty;

use crate::cross_origin::SERVER_TIMING;

const TRACEPARENT: &str = "traceparent";
const FORWARDED_PROTO: &str = "x-forwarded-proto";
/// The id alone, which is what people search for.
const TRACE: HeaderName = HeaderName::from_static("x-crowd-trace");

/// The trace that the client began.
pub(crate) fn trace_of(headers: &HeaderMap) -> Option<TraceParent> {
    TraceParent::parse(headers.get(TRACEPARENT)?.to_str().ok()?)
}

/// The place of `request`, which `node` answers; `encrypted` where it came by TLS.
pub(crate) fn door<B>(request: &Request<B>, node: &HeaderValue, encrypted: bool) -> Door {
    Door::open(trace_of(request.headers()), Asker::Stranger, || {
        let scheme = scheme(request.headers(), encrypted);
        let server = server(request);
        let port = server.as_ref().map(|server| server.port.unwrap_or(usual_port(scheme)));
        let version = match request.version() {
            Version::HTTP_2 => "2",
            Version::HTTP_10 => "1.0",
            _ => "1.1",
        };
        tracing::info_span!(
            "http",
            otel.kind = "server",
            http.request.method = request.method().as_str(),
            http.route = Empty,
            http.response.status_code = Empty,
            url.scheme = scheme,
            url.path = request.uri().path(),
            server.address = server.as_ref().map(|server| &*server.host),
            // An unsigned number would be exported as text.
            server.port = port.map(i64::from),
            network.protocol.version = version,
            crowd.node = node.to_str().unwrap_or_default(),
            crowd.chunks.unrecorded = Empty,
            error.type = Empty,
            otel.status_code = Empty,
        )
    })
}

/// What the client asked by. A proxy that speaks TLS for the node says so; anybody may, and only the span depends on it.
fn scheme(headers: &HeaderMap, encrypted: bool) -> &'static str {
    match headers.get(FORWARDED_PROTO).map(HeaderValue::as_bytes) {
        Some(b"https") => "https",
        Some(b"http") => "http",
        _ if encrypted => "https",
        _ => "http",
    }
}

/// What the request was sent to, where it says so and that can be read.
fn server<B>(request: &Request<B>) -> Option<Server> {
    let host = || request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let authority = request.uri().authority().map(|authority| authority.as_str()).or_else(host)?;
    Server::parse(authority).ok()
}

fn usual_port(scheme: &str) -> u16 {
    if scheme == "https" { 443 } else { 80 }
}

/// What kind of address it is that the current request asks for.
pub(crate) fn routed(method: &http::Method, route: &'static str) {
    if is_recorded() {
        let span = Span::current();
        span.record("http.route", route);
        rename(&span, format!("{method} {route}"));
    }
}

/// That so many chunks of the current answer have no spans of their own.
pub(crate) fn leaves_out(chunks: u32) {
    if chunks > 0 && is_recorded() {
        Span::current().record("crowd.chunks.unrecorded", chunks);
    }
}

/// How it was answered.
pub(crate) fn answered(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        fail(span, status.as_str());
    }
}

/// Tells the client: whoever complains finds the trace by what the browser's own tools show.
pub(crate) fn tell(headers: &mut HeaderMap, trace: TraceParent) {
    if let Ok(id) = HeaderValue::try_from(trace.trace_id_hex()) {
        headers.insert(TRACE, id);
    }
    if let Ok(timing) = HeaderValue::try_from(format!("traceparent;desc=\"{trace}\"")) {
        headers.append(SERVER_TIMING, timing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(uri: &str, headers: &[(&str, &str)]) -> Request<()> {
        let request =
            headers.iter().fold(Request::get(uri), |request, (name, value)| request.header(*name, *value));
        request.body(()).unwrap()
    }

    #[test]
    fn the_server_is_what_the_request_was_sent_to() {
        let read =
            |uri, host| server(&asked(uri, &[("host", host)])).map(|server| (server.host, server.port));
        assert_eq!(read("/a", "127.0.0.51:7000"), Some(("127.0.0.51".into(), Some(7000))));
        assert_eq!(read("/a", "[::1]:7000"), Some(("::1".into(), Some(7000))));
        assert_eq!(read("/a", "site.example.org"), Some(("site.example.org".into(), None)));
        assert_eq!(read("https://b.example.org/a", "a.example.org"), Some(("b.example.org".into(), None)));
        assert_eq!(read("/a", "no host"), None);
        assert_eq!(server(&asked("/a", &[])), None);
    }

    #[test]
    fn the_scheme_is_that_of_the_connection_unless_a_proxy_says_otherwise() {
        let read = |proto: Option<&str>, encrypted| {
            let headers: Vec<_> = proto.into_iter().map(|proto| ("x-forwarded-proto", proto)).collect();
            scheme(asked("/", &headers).headers(), encrypted)
        };
        assert_eq!((read(None, false), read(None, true)), ("http", "https"));
        assert_eq!((read(Some("https"), false), read(Some("http"), true)), ("https", "http"));
        assert_eq!(read(Some("gopher"), false), "http");
    }
}
