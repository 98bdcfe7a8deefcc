//! A log line for machines.

use std::fmt::Write;

use super::fields::{Fields, Value};
use super::lines::Context;

/// The keys that every line has a right to. An event's own field of that name gets an underscore.
const OURS: [&str; 5] = ["time", "level", "event", "target", "trace_id"];

/// Writes one object.
pub(crate) fn write_json(line: &mut String, context: &Context<'_>, fields: &Fields) {
    let level = context.level.as_str().to_ascii_lowercase();
    let _ =
        write!(line, r#"{{"time":"{}","level":"{level}","event":{}"#, context.time, quoted(&fields.event));
    let _ = write!(line, r#","target":{}"#, quoted(context.target));
    for (name, value) in &fields.rest {
        let taken = if OURS.contains(name) { "_" } else { "" };
        let key = quoted(&format!("{name}{taken}"));
        let _ = match value {
            Value::Text(text) => write!(line, ",{key}:{}", quoted(text)),
            Value::Plain(text) => write!(line, ",{key}:{text}"),
        };
    }
    if let Some(trace) = context.trace {
        let _ = write!(line, r#","trace_id":"{}""#, trace.trace_id_hex());
    }
    line.push('}');
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
