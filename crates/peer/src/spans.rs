//! The spans of a peer: of what it requests, and of what it answers.

use crowd_protocol::{ProjectName, SUBPROTOCOL, TraceParent, Want};
use crowd_trace::{Asker, Door, current, fail, name_wanted};
use tracing::Span;
use tracing::field::Empty;

use crate::PeerError;

/// A request: in `trace` where that is given, else in that of who makes it, else the first of its own.
pub(crate) fn request_door(project: &ProjectName, want: &Want, trace: Option<TraceParent>) -> Door {
    Door::open(trace.or_else(current), Asker::Member, || {
        let span = tracing::info_span!(
            "sessioncast",
            otel.kind = "client",
            network.protocol.name = SUBPROTOCOL,
            crowd.project = %project,
            crowd.path = Empty,
            crowd.chunk.number = Empty,
            crowd.chunk = Empty,
            error.type = Empty,
            otel.status_code = Empty,
        );
        name_wanted(&span, want);
        span
    })
}

/// Marks the span of a request with what came of it.
pub(crate) fn tell<T>(span: &Span, result: &Result<T, PeerError>) {
    if let Err(error) = result {
        fail(span, error.code().map_or("peer", |code| code.as_str()));
    }
}

/// An answer to the node, in the trace of whoever wants it. The node has decided whether that is recorded, and keeps
/// strangers within a limit.
pub(crate) fn serve_door(project: &ProjectName, trace: Option<TraceParent>) -> Door {
    let Some(trace) = trace else { return Door::default() };
    Door::open(Some(trace), Asker::Member, || {
        tracing::info_span!(
            "sessioncast.serve",
            otel.kind = "server",
            network.protocol.name = SUBPROTOCOL,
            crowd.project = %project,
            crowd.bytes = Empty,
            error.type = Empty,
            otel.status_code = Empty,
        )
    })
}
