//! The trace context of the current span, in and out of the process.

use crowd_protocol::TraceParent;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Makes `span`, which nobody entered yet, a child of the span that asked from afar.
pub fn continue_trace(span: &Span, parent: Option<TraceParent>) {
    let Some(TraceParent { trace_id, span_id, flags }) = parent else { return };
    let context = SpanContext::new(
        TraceId::from_bytes(trace_id),
        SpanId::from_bytes(span_id),
        TraceFlags::new(flags),
        true,
        TraceState::default(),
    );
    // Refused where no OpenTelemetry layer is installed, as in unit tests: there is no trace to continue then.
    let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(context));
}

/// What the next hop continues; none where no OpenTelemetry layer is installed.
pub fn current_trace() -> Option<TraceParent> {
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    span.is_valid().then(|| TraceParent {
        trace_id: span.trace_id().to_bytes(),
        span_id: span.span_id().to_bytes(),
        flags: span.trace_flags().to_u8(),
    })
}
