//! Where a hop stands in its trace: the context in and out of spans, who may ask for a trace to be recorded, and how a
//! span says that it failed.
//!
//! Every request has a span of its own at each node's door, so that each log line and each answer has a trace id. What
//! happens inside has spans only where the trace is recorded: ask [`is_recorded`] before making one. Nothing here
//! installs or exports anything, and without a subscriber nothing costs anything.

mod asker;
mod context;
mod outcome;
mod seldom;

pub use asker::{Asker, asked_by_stranger};
pub use context::{begin, context_in, context_of, current, is_recorded, link, rename};
pub use outcome::fail;
pub use seldom::Seldom;
