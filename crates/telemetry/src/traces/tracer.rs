//! The tracer of the process, which is there before it is known where traces go.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::{SpanBuilder, Tracer, TracerProvider};
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, Span};

/// How long the last spans may take to be sent.
const LAST_SPANS: Duration = Duration::from_secs(2);
/// The name of the instrumentation.
const SCOPE: &str = "crowd";

/// Until it is told where they go, what is recorded goes nowhere. There are spans only of what was decided to be
/// recorded, so that it takes them all. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct LateTracer(Arc<Tracers>);

#[derive(Debug)]
struct Tracers {
    first: SdkTracer,
    exporting: OnceLock<(SdkTracer, SdkTracerProvider)>,
}

impl Default for LateTracer {
    fn default() -> Self {
        let first = SdkTracerProvider::builder().with_sampler(Sampler::AlwaysOn).build().tracer(SCOPE);
        Self(Arc::new(Tracers { first, exporting: OnceLock::new() }))
    }
}

impl LateTracer {
    /// The first time counts.
    pub(crate) fn set(&self, provider: SdkTracerProvider) {
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
