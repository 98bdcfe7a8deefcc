//! The tracer of the process, which is there before it is known where traces go.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, Tracer, TracerProvider};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span};

use super::exporting::Exporting;
use super::sampler::HeadSampler;

/// How long the last spans may take to be sent.
const LAST_SPANS: Duration = Duration::from_secs(2);
/// The name of the instrumentation.
const SCOPE: &str = "crowd";

/// Until it is told where traces go, spans have ids, which travel from hop to hop and stand in answers and log lines.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct LateTracer(Arc<Tracers>);

#[derive(Debug)]
struct Tracers {
    first: SdkTracer,
    exporting: OnceLock<(SdkTracer, SdkTracerProvider)>,
}

impl Default for LateTracer {
    fn default() -> Self {
        // Nothing is recorded of what begins here. What another part of the cluster records goes on being so.
        let sampler = HeadSampler::new(0.0, 0);
        Self::of(SdkTracerProvider::builder().with_sampler(sampler).build())
    }
}

impl LateTracer {
    pub(crate) fn of(provider: SdkTracerProvider) -> Self {
        Self(Arc::new(Tracers { first: provider.tracer(SCOPE), exporting: OnceLock::new() }))
    }

    /// The first time counts.
    pub(crate) fn set(&self, exporting: Exporting) {
        let provider = exporting.provider;
        let _ = self.0.exporting.set((provider.tracer(SCOPE), provider));
    }

    /// Sends what is left, and blocks for as long as that takes. There are no spans any more afterwards.
    pub(crate) fn shutdown(&self) {
        if let Some((_, provider)) = self.0.exporting.get() {
            // Where nobody listens there is nothing to be done about it.
            let _ = provider.shutdown_with_timeout(LAST_SPANS);
        }
    }
}

impl Tracer for LateTracer {
    type Span = Span;

    fn build_with_context(&self, builder: SpanBuilder, parent: &Context) -> Span {
        let tracer = self.0.exporting.get().map_or(&self.0.first, |(tracer, _)| tracer);
        tracer.build_with_context(builder, parent)
    }
}
