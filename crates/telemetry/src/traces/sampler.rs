//! Which traces are recorded: decided once, where a request comes in, and followed by everything behind that.

use crowd_trace::asked_by_stranger;
use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

use std::sync::Arc;

use super::bucket::Bucket;

/// One in so many of what comes in; and of what strangers want recorded, so many a second. By the dice rather than by the trace's
/// id, which strangers choose.
#[derive(Debug, Clone)]
pub(crate) struct HeadSampler {
    ratio: f64,
    strangers: Arc<Bucket>,
}

impl HeadSampler {
    /// `ratio` is from 0 to 1, `strangers` a second.
    pub(crate) fn new(ratio: f64, strangers: u32) -> Self {
        Self { ratio, strangers: Arc::new(Bucket::new(strangers)) }
    }

    fn records(&self, parent: Option<&Context>) -> bool {
        let Some(context) = parent else { return self.draws() };
        let span = context.span();
        let parent = span.span_context();
        if !parent.is_valid() {
            self.draws()
        } else if parent.is_remote() && asked_by_stranger(context) {
            self.draws() || (parent.is_sampled() && self.strangers.take())
        } else {
            parent.is_sampled()
        }
    }

    fn draws(&self) -> bool {
        self.ratio > 0.0 && rand::random::<f64>() < self.ratio
    }
}

impl ShouldSample for HeadSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let decision = match self.records(parent) {
            true => SamplingDecision::RecordAndSample,
            false => SamplingDecision::Drop,
        };
        let trace_state = parent.map(|parent| parent.span().span_context().trace_state().clone());
        SamplingResult { decision, attributes: Vec::new(), trace_state: trace_state.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::LateTracer;
    use crowd_protocol::TraceParent;
    use crowd_trace::{Asker, begin};
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::layer::SubscriberExt;

    /// How many of a thousand are recorded.
    fn recorded(ratio: f64, strangers: u32, flags: Option<&str>, asker: Asker) -> usize {
        let sampler = HeadSampler::new(ratio, strangers);
        let tracer = LateTracer::of(SdkTracerProvider::builder().with_sampler(sampler).build());
        let subscriber =
            tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(tracer));
        let parent = flags.map(|flags| {
            let text = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
            TraceParent::parse(&text).unwrap()
        });
        tracing::subscriber::with_default(subscriber, || {
            (0..1_000).filter(|_| begin(&tracing::info_span!("door"), parent, asker)).count()
        })
    }

    #[test]
    fn a_member_has_decided_already() {
        assert_eq!(recorded(0.0, 0, Some("01"), Asker::Member), 1_000);
        assert_eq!(recorded(1.0, 1_000, Some("00"), Asker::Member), 0);
    }

    #[test]
    fn a_stranger_has_so_many_recorded_and_no_more() {
        // A thousand spans take less than the second after which there would be more.
        let by_strangers = recorded(0.0, 10, Some("01"), Asker::Stranger);
        assert!((10..40).contains(&by_strangers), "{by_strangers}");
        assert_eq!(recorded(0.0, 10, Some("00"), Asker::Stranger), 0);
        assert_eq!(recorded(0.0, 0, Some("01"), Asker::Stranger), 0);
    }

    #[test]
    fn what_nobody_decided_is_recorded_by_the_ratio_and_so_is_what_strangers_send() {
        for flags in [None, Some("00"), Some("01")] {
            assert_eq!(recorded(1.0, 0, flags, Asker::Stranger), 1_000, "{flags:?}");
            assert_eq!(recorded(0.0, 0, flags, Asker::Stranger), 0, "{flags:?}");
            let half = recorded(0.5, 0, flags, Asker::Stranger);
            assert!((350..650).contains(&half), "{flags:?}: {half} of a thousand at one in two");
        }
    }
}
