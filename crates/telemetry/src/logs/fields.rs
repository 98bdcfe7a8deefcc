//! The fields of one event, in the order in which it has them.

use std::fmt::Debug;

use tracing::Event;
use tracing::field::{Field, Visit};

/// A field's value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Text(String),
    /// Numbers and truth values, as JSON has them too.
    Plain(String),
}

/// What an event says.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    /// What happened, for example `cluster.node_up`.
    pub(crate) event: String,
    pub(crate) rest: Vec<(&'static str, Value)>,
}

impl Fields {
    pub(crate) fn of(event: &Event<'_>) -> Self {
        let mut fields = Self::default();
        event.record(&mut fields);
        fields
    }

    fn add(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::Text(text) | Value::Plain(text)) => self.event = text,
            // Of those that came by the `log` crate.
            (name, _) if name.starts_with("log.") => {}
            (name, value) => self.rest.push((name, value)),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        let value =
            if value.is_finite() { Value::Plain(value.to_string()) } else { Value::Text(value.to_string()) };
        self.add(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, Value::Plain(value.to_string()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, Value::Plain(value.to_string()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, Value::Plain(value.to_string()));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, Value::Text(value.to_owned()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field, Value::Text(format!("{value:?}")));
    }
}
