//! The trace of a request over HTTP: its span at the door, and how the client learns of it.

use crowd_protocol::TraceParent;
use crowd_trace::{Asker, begin, fail, is_recorded, rename};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
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

/// The span of `request`, which answers for `node`. Its fields are left empty until it is known that somebody will
/// read them.
pub(crate) fn door_span<B>(request: &Request<B>, node: &HeaderValue) -> Span {
    let span = tracing::info_span!(
        "http",
        otel.kind = "server",
        http.request.method = Empty,
        http.route = Empty,
        http.response.status_code = Empty,
        url.path = Empty,
        server.address = Empty,
        network.protocol.version = Empty,
        crowd.node = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    );
    if begin(&span, trace_of(request.headers()), Asker::Stranger) {
        let text = |value: &'_ HeaderValue| value.to_str().unwrap_or_default().to_owned();
        span.record("http.request.method", request.method().as_str());
        span.record("url.path", request.uri().path());
        let host = request.uri().host().map(str::to_owned);
        let host = host.or_else(|| request.headers().get(http::header::HOST).map(text));
        span.record("server.address", host);
        let version = match request.version() {
            http::Version::HTTP_2 => "2",
            http::Version::HTTP_10 => "1.0",
            _ => "1.1",
        };
        span.record("network.protocol.version", version);
        span.record("crowd.node", text(node));
    }
    span
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
