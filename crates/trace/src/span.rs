//! What tracing's spans have to do with OpenTelemetry's.

use crowd_protocol::TraceParent;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The flag of a trace that is recorded.
const RECORDED: u8 = 1;

/// The place of `span`; none where it is none, or no OpenTelemetry layer is installed.
pub fn context_of(span: &Span) -> Option<TraceParent> {
    let context = span.context();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| TraceParent {
        trace_id: span.trace_id().to_bytes(),
        span_id: span.span_id().to_bytes(),
        flags: span.trace_flags().to_u8(),
    })
}

/// Says that what `span` waited for was done in another trace.
pub fn link(span: &Span, other: TraceParent) {
    span.add_link(remote(other));
}

/// Gives `span` another name than the one it was made with, once it is known.
pub fn rename(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// Makes `span`, which nobody entered yet, a child of one elsewhere.
pub(crate) fn continue_from(span: &Span, parent: TraceParent) {
    // That it is recorded is decided, whatever the caller wished.
    let parent = TraceParent { flags: parent.flags | RECORDED, ..parent };
    // Refused where no OpenTelemetry layer is installed: there is no trace to continue then.
    let _ = span.set_parent(Context::new().with_remote_span_context(remote(parent)));
}

fn remote(TraceParent { trace_id, span_id, flags }: TraceParent) -> SpanContext {
    SpanContext::new(
        TraceId::from_bytes(trace_id),
        SpanId::from_bytes(span_id),
        TraceFlags::new(flags),
        true,
        TraceState::default(),
    )
}
