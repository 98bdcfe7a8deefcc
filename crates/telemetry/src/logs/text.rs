//! A log line for people.

use std::fmt::Write;

use super::fields::{Fields, Value};
use super::lines::Context;

/// Writes `time level event key=value …`, and no line break, whatever a stranger put into a value.
pub(crate) fn write_text(line: &mut String, context: &Context<'_>, fields: &Fields, colours: bool) {
    let level = context.level.as_str();
    let _ = match colour(level).filter(|_| colours) {
        Some(colour) => write!(line, "{} \u{1b}[{colour}m{level:>5}\u{1b}[0m ", context.time),
        None => write!(line, "{} {level:>5} ", context.time),
    };
    for c in fields.event.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    for (name, value) in &fields.rest {
        let _ = match value {
            Value::Text(text) if !is_word(text) => write!(line, " {name}={text:?}"),
            Value::Text(text) | Value::Plain(text) => write!(line, " {name}={text}"),
        };
    }
    if let Some(trace) = context.trace {
        let _ = write!(line, " trace_id={}", trace.trace_id_hex());
    }
}

/// True where `text` ends with the space after it.
fn is_word(text: &str) -> bool {
    let plain = |c: char| !(c.is_whitespace() || c.is_control() || matches!(c, '"' | '='));
    !text.is_empty() && text.chars().all(plain)
}

fn colour(level: &str) -> Option<u8> {
    match level {
        "ERROR" => Some(31),
        "WARN" => Some(33),
        "INFO" => Some(32),
        _ => None,
    }
}
