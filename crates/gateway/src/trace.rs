//! The trace of a request over HTTP: its span at the door, and how the client learns of it.

use crowd_protocol::TraceParent;
use crowd_trace::{Asker, Door, fail, is_recorded, rename};
use http::header::HOST;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Version};
use tracing::Span;
use tracing::field::Empty;

use crate::cross_origin::SERVER_TIMING;

const TRACEPARENT: &str = "traceparent";
/// The id alone, which is what people search for.
const TRACE: HeaderName = HeaderName::from_static("x-crowd-trace");

/// The trace that the client began.
pub(crate) fn trace_of(headers: &HeaderMap) -> Option<TraceParent> {
    TraceParent::parse(headers.get(TRACEPARENT)?.to_str().ok()?)
}

/// The place of `request`, which `node` answers.
pub(crate) fn door<B>(request: &Request<B>, node: &HeaderValue) -> Door {
    Door::open(trace_of(request.headers()), Asker::Stranger, || {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
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
            url.path = request.uri().path(),
            server.address = request.uri().host().or(host),
            network.protocol.version = version,
            crowd.node = node.to_str().unwrap_or_default(),
            error.type = Empty,
            otel.status_code = Empty,
        )
    })
}

/// What kind of address it is that the current request asks for.
pub(crate) fn routed(method: &http::Method, route: &'static str) {
    if is_recorded() {
        let span = Span::current();
        span.record("http.route", route);
        rename(&span, format!("{method} {route}"));
    }
}

/// How it was answered.
pub(crate) fn answered(span: &Span, status: StatusCode) {
    span.record("http.response.status_code", status.as_u16());
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
