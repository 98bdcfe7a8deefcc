//! The spans of lookups, and the trace context of a call between nodes. Made only where the trace is recorded.

use crowd_directory::NodeName;
use crowd_protocol::{ProjectName, Server, TraceParent};
use crowd_trace::{Asker, Door, current, is_recorded};
use tonic::Request;
use tonic::metadata::MetadataMap;
use tracing::Span;
use tracing::field::Empty;

const TRACEPARENT: &str = "traceparent";
const DIRECTORY: &str = "crowd.cluster.v1.Directory";
const LOOKUP: &str = "Lookup";

/// A lookup of who hosts `project`, which asks one owner or more.
pub(crate) fn lookup_span(project: &ProjectName, fresh: bool) -> Span {
    if !is_recorded() {
        return Span::none();
    }
    tracing::info_span!(
        "directory.lookup",
        crowd.project = %project,
        crowd.fresh = fresh,
        crowd.rows = Empty,
        crowd.asked_everyone = Empty,
    )
}

/// A lookup that needed no asking.
pub(crate) fn tell_known(project: &ProjectName, rows: usize) {
    if is_recorded() {
        tracing::info_span!("directory.lookup", crowd.project = %project, crowd.known = true, crowd.rows = rows);
    }
}

/// The call of one owner, at `address`.
pub(crate) fn lookup_call_span(owner: &NodeName, address: &str) -> Span {
    if !is_recorded() {
        return Span::none();
    }
    let server = Server::parse(address).ok();
    tracing::info_span!(
        "crowd.cluster.v1.Directory/Lookup",
        otel.kind = "client",
        rpc.system = "grpc",
        rpc.service = DIRECTORY,
        rpc.method = LOOKUP,
        rpc.grpc.status_code = Empty,
        server.address = server.as_ref().map(|server| &*server.host),
        server.port = server.as_ref().and_then(|server| server.port).map(i64::from),
        crowd.responder = %owner,
        crowd.rows = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// A call that carries the place of the current span, where that is recorded.
pub(crate) fn traced<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(trace) = current()
        && trace.is_sampled()
        && let Ok(value) = trace.to_string().parse()
    {
        request.metadata_mut().insert(TRACEPARENT, value);
    }
    request
}

/// The other end of [`lookup_call_span`], where a trace came along.
pub(crate) fn lookup_door(metadata: &MetadataMap, me: impl FnOnce() -> NodeName) -> Door {
    let trace = metadata.get(TRACEPARENT).and_then(|value| value.to_str().ok());
    let Some(trace) = trace.and_then(TraceParent::parse) else { return Door::default() };
    Door::open(Some(trace), Asker::Member, || {
        tracing::info_span!(
            "crowd.cluster.v1.Directory/Lookup",
            otel.kind = "server",
            rpc.system = "grpc",
            rpc.service = DIRECTORY,
            rpc.method = LOOKUP,
            crowd.node = %me(),
            crowd.rows = Empty,
        )
    })
}
