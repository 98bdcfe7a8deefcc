//! Traces: which are recorded, and where they go.

mod bucket;
mod destination;
mod exporting;
mod reported;
mod sampler;
mod tracer;

pub use destination::Destination;
pub(crate) use exporting::Exporting;
pub use exporting::TraceConfig;
pub(crate) use sampler::LateSampler;
pub(crate) use tracer::LateTracer;

/// Of a hundred requests, one is recorded.
pub const DEFAULT_RATIO: f64 = 0.01;
/// Traces a second that strangers may have recorded by asking for it.
pub const DEFAULT_STRANGERS: u32 = 10;
