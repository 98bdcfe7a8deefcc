//! Who brings a trace context along, which decides whether its sampled flag counts.

use opentelemetry::Context;

/// Whose word a trace context is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// Another part of this cluster, which has decided already: its flag is followed.
    Member,
    /// Anybody. That a stranger wants a trace recorded counts only within a limit, else anyone could fill the store
    /// that traces go to.
    Stranger,
}

/// Rides in the OpenTelemetry context from a door to the sampler.
#[derive(Debug)]
struct ByStranger;

impl Asker {
    pub(crate) fn mark(self, context: Context) -> Context {
        match self {
            Self::Member => context,
            Self::Stranger => context.with_value(ByStranger),
        }
    }
}

/// True where the remote parent in `context` is a stranger's: for the sampler.
pub fn asked_by_stranger(context: &Context) -> bool {
    context.get::<ByStranger>().is_some()
}
