//! How a span says that it failed.

use tracing::Span;

/// Marks `span` as failed. `kind` is a word of few, such as a code of the protocol. For spans that were made with the
/// empty fields `error.type` and `otel.status_code`.
pub fn fail(span: &Span, kind: &str) {
    span.record("error.type", kind);
    span.record("otel.status_code", "ERROR");
}
