//! Who decides which traces are recorded.

use std::sync::OnceLock;

use crowd_protocol::TraceParent;

/// Whose word a trace context is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// Another part of this cluster, which has decided already: its flag is followed.
    Member,
    /// Anybody. That a stranger wants a trace recorded counts only within a limit, else anyone could fill the store
    /// that traces go to.
    Stranger,
}

/// Decides, once for each request, at the door that it comes in by.
pub trait Sample: Send + Sync + 'static {
    /// True where a request of `asker` is recorded, which goes on with `parent`.
    fn records(&self, parent: Option<TraceParent>, asker: Asker) -> bool;
}

/// For the process, as the subscriber of its spans is.
static DECIDES: OnceLock<Box<dyn Sample>> = OnceLock::new();

/// From now on `sample` decides. The first one stays.
pub fn decide_by(sample: impl Sample) {
    // A second one is no error: it is asked for the same by whoever installs telemetry.
    let _ = DECIDES.set(Box::new(sample));
}

/// None where nobody decides, and nothing is traced.
pub(crate) fn records(parent: Option<TraceParent>, asker: Asker) -> Option<bool> {
    DECIDES.get().map(|sample| sample.records(parent, asker))
}
