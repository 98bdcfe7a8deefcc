//! Shows the hops of a sessioncast as they happen, read from the spans that every hop has anyway.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// A layer of the process's subscriber, silent until it is told to show. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Hops(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    shown_since: Option<Instant>,
    took: f64,
    /// The visitor's node.
    first: String,
    /// The node that speaks now.
    node: String,
}

impl Hops {
    /// Shows what happens from now on; it begins at `node`.
    pub(crate) fn show(&self, node: &str) {
        let (first, node) = (node.to_owned(), node.to_owned());
        *self.lock() = State { shown_since: Some(Instant::now()), took: 0.0, first, node };
    }

    /// Shows nothing more.
    pub(crate) fn hide(&self) {
        let mut state = self.lock();
        state.took = state.shown_since.take().map_or(0.0, |since| since.elapsed().as_secs_f64() * 1e3);
    }

    /// How long it took from show to hide.
    pub(crate) fn clock(&self) -> String {
        format!("{:>6.2} ms", self.lock().took)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for Hops {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut state = self.lock();
        let Some(since) = state.shown_since else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if fields.kind == "node" {
            state.node = state.first.clone();
        }
        let node = state.node.clone();
        let what = if fields.manifest { "the manifest" } else { "the chunk" };
        let line = match (attributes.metadata().name(), fields.kind.as_str()) {
            ("sessioncast.request", _) => format!("{node} takes the request"),
            ("sessioncast.ask", "node") => {
                let line =
                    format!("{node} has no peer with {what}; the directory names {}", fields.responder);
                state.node = fields.responder;
                line
            }
            ("sessioncast.forwarded", _) => format!("{node} is asked by {}", state.first),
            ("sessioncast.ask", _) => format!("{node} asks its peer {} for {what}", fields.responder),
            _ => return,
        };
        println!("  {:>6.2} ms  {line}", since.elapsed().as_secs_f64() * 1e3);
    }
}

#[derive(Default)]
struct Fields {
    responder: String,
    kind: String,
    manifest: bool,
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.manifest |= field.name() == "crowd.manifest" && value;
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let text = format!("{value:?}").trim_matches('"').to_owned();
        match field.name() {
            "crowd.responder" => self.responder = text,
            "crowd.responder.kind" => self.kind = text,
            _ => {}
        }
    }
}
