//! Log lines: one for each event, with its fields and the id of the trace that it is part of.

mod fields;
mod json;
mod lines;
mod text;

pub(crate) use lines::LogLines;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people: time, level and event, then `key=value`.
    #[default]
    Text,
    /// For machines: one JSON object a line, with `time`, `level`, `event`, `target`, the event's own fields, and
    /// `trace_id`.
    Json,
}
