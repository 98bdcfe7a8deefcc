//! Golden vectors of the W3C trace context.

mod support;

use crowd_protocol::TraceParent;
use serde_json::json;
use support::{Vectors, text};

#[test]
fn good_contexts_are_read_and_passed_on() {
    for case in Vectors::load("traceparent.json").cases("/good", 8) {
        let context = TraceParent::parse(text(&case["text"])).unwrap_or_else(|| panic!("{case}"));
        let read = json!({
            "text": case["text"],
            "trace_id": hex::encode(context.trace_id),
            "span_id": hex::encode(context.span_id),
            "flags": context.flags,
            "sampled": context.flags & 1 == 1,
            "canonical": context.to_string(),
        });
        assert_eq!(&read, case);
    }
}

#[test]
fn bad_contexts_are_none() {
    for case in Vectors::load("traceparent.json").cases("/bad", 25) {
        assert_eq!(TraceParent::parse(text(case)), None, "{case}");
    }
}
