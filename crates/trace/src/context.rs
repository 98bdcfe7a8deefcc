//! The trace context of spans, in and out of the process.

use crowd_protocol::TraceParent;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::{Dispatch, Span};
use tracing_opentelemetry::{OpenTelemetrySpanExt, get_otel_context};

use crate::Asker;

/// Makes `span`, which nobody entered yet, a child of the span that asked from afar, or the first of its trace. True
/// where it is recorded, and worth being told more.
pub fn begin(span: &Span, parent: Option<TraceParent>, asker: Asker) -> bool {
    if let Some(parent) = parent {
        let context = Context::new().with_remote_span_context(remote(parent));
        // Refused where no OpenTelemetry layer is installed, as in unit tests: there is no trace to continue then.
        let _ = span.set_parent(asker.mark(context));
    }
    is_recorded_in(span)
}

/// The place of the current span: what the next hop continues, and where a complaint leads. None where there is no
/// span, or no OpenTelemetry layer is installed.
pub fn current() -> Option<TraceParent> {
    context_of(&Span::current())
}

/// The place of `span`.
pub fn context_of(span: &Span) -> Option<TraceParent> {
    parent_of(span.context().span().span_context())
}

fn parent_of(span: &SpanContext) -> Option<TraceParent> {
    span.is_valid().then(|| TraceParent {
        trace_id: span.trace_id().to_bytes(),
        span_id: span.span_id().to_bytes(),
        flags: span.trace_flags().to_u8(),
    })
}

/// [`current`], for a layer of that dispatcher in the middle of an event.
pub fn context_in(dispatch: &Dispatch) -> Option<TraceParent> {
    let span = dispatch.current_span();
    let context = get_otel_context(span.id()?, dispatch)?;
    parent_of(context.span().span_context())
}

/// True where the current span is recorded. A span inside of one that is not would only cost.
pub fn is_recorded() -> bool {
    is_recorded_in(&Span::current())
}

/// Says that what `span` waited for was done in another trace.
pub fn link(span: &Span, other: TraceParent) {
    span.add_link(remote(other));
}

/// Gives `span` another name than the one it was made with, once it is known.
pub fn rename(span: &Span, name: String) {
    span.context().span().update_name(name);
}

fn is_recorded_in(span: &Span) -> bool {
    context_of(span).is_some_and(|context| context.is_sampled())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked_by_stranger;
    use opentelemetry::trace::{SpanKind, TracerProvider};
    use opentelemetry::{Context, KeyValue};
    use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, SdkTracerProvider, ShouldSample};
    use tracing_subscriber::layer::SubscriberExt;

    /// Records what a member wants, and nothing that a stranger wants.
    #[derive(Debug, Clone)]
    struct Members;

    impl ShouldSample for Members {
        fn should_sample(
            &self,
            parent: Option<&Context>,
            _: TraceId,
            _: &str,
            _: &SpanKind,
            _: &[KeyValue],
            _: &[opentelemetry::trace::Link],
        ) -> SamplingResult {
            let wanted = parent.is_some_and(|parent| {
                parent.span().span_context().is_sampled() && !asked_by_stranger(parent)
            });
            let decision = if wanted { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop };
            SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::default() }
        }
    }

    fn traced(test: impl FnOnce()) {
        let provider = SdkTracerProvider::builder().with_sampler(Members).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), test);
    }

    fn sampled() -> TraceParent {
        TraceParent::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").unwrap()
    }

    #[test]
    fn a_trace_goes_on_with_a_span_of_its_own_and_a_refused_flag_is_cleared() {
        traced(|| {
            for (asker, recorded) in [(Asker::Member, true), (Asker::Stranger, false)] {
                let span = tracing::info_span!("door");
                assert_eq!(begin(&span, Some(sampled()), asker), recorded, "{asker:?}");
                let here = context_of(&span).unwrap();
                assert_eq!(here.trace_id, sampled().trace_id);
                assert_ne!(here.span_id, sampled().span_id);
                assert_eq!(here.is_sampled(), recorded);
                let inside = span.in_scope(current);
                assert_eq!(inside, Some(here));
            }
        });
    }

    #[test]
    fn what_nobody_began_begins_here() {
        traced(|| {
            assert_eq!(current(), None);
            let span = tracing::info_span!("door");
            assert!(!begin(&span, None, Asker::Stranger));
            assert!(context_of(&span).is_some());
        });
    }

    #[test]
    fn without_a_subscriber_there_is_no_trace() {
        let span = tracing::info_span!("door");
        assert!(!begin(&span, Some(sampled()), Asker::Member));
        assert_eq!((context_of(&span), is_recorded()), (None, false));
    }
}
