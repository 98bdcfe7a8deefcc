//! The spans of a peer: of what it requests, and of what it answers.

use crowd_protocol::{ProjectName, SUBPROTOCOL, TraceParent, Want};
use crowd_trace::{Asker, begin, fail};
use tracing::Span;
use tracing::field::{Empty, display};

use crate::PeerError;

/// A request: in `trace` where that is given, else in that of the current span, else the first of its own.
pub(crate) fn request_span(project: &ProjectName, want: &Want, trace: Option<TraceParent>) -> Span {
    let span = tracing::info_span!(
        "sessioncast",
        otel.kind = "client",
        network.protocol.name = Empty,
        crowd.project = Empty,
        crowd.path = Empty,
        crowd.chunk.number = Empty,
        crowd.chunk = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    );
    if begin(&span, trace, Asker::Member) {
        span.record("network.protocol.name", SUBPROTOCOL);
        span.record("crowd.project", project.as_str());
        match want {
            Want::Hash(hash) => {
                span.record("crowd.chunk", display(hash));
            }
            Want::Path { path, chunk } => {
                span.record("crowd.path", path.as_str());
                span.record("crowd.chunk.number", chunk);
            }
        }
    }
    span
}

/// Marks the span of a request with what came of it.
pub(crate) fn tell<T>(span: &Span, result: &Result<T, PeerError>) {
    if let Err(error) = result {
        fail(span, error.code().map_or("peer", |code| code.as_str()));
    }
}

/// An answer to the node, in the trace of whoever wants it; none where that is not recorded.
pub(crate) fn serve_span(project: &ProjectName, trace: Option<TraceParent>) -> Span {
    let Some(trace) = trace.filter(TraceParent::is_sampled) else { return Span::none() };
    let span = tracing::info_span!(
        "sessioncast.serve",
        otel.kind = "server",
        network.protocol.name = SUBPROTOCOL,
        crowd.project = %project,
        crowd.bytes = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    );
    // The node has decided that it is recorded, and it keeps strangers within a limit.
    begin(&span, Some(trace), Asker::Member);
    span
}
