//! What a span of a request says of what is wanted.

use crowd_protocol::Want;
use tracing::Span;
use tracing::field::display;

/// Names what is wanted. For spans that were made with the empty fields `crowd.path`, `crowd.chunk.number` and
/// `crowd.chunk`.
pub fn name_wanted(span: &Span, want: &Want) {
    match want {
        Want::Hash(hash) => {
            span.record("crowd.chunk", display(hash));
        }
        Want::Path { path, chunk } => {
            span.record("crowd.path", path.as_str());
            span.record("crowd.chunk.number", chunk);
        }
    }
}
