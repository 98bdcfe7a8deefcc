//! Where a hop stands in its trace: whether the trace is recorded, which the node decides at its door, how the context
//! goes in and out, and how a span says that it failed.
//!
//! Every request has a place in a trace at each node, so that each answer and each log line has a trace id. Spans are
//! made only where the trace is recorded, since most are not and each costs: ask [`is_recorded`] before making one.
//! Without a [`Sample`] that decides, there are no traces and nothing costs anything.

mod door;
mod outcome;
mod sample;
mod seldom;
mod span;
mod wanted;

pub use door::{Door, current, is_recorded};
pub use outcome::fail;
pub use sample::{Asker, Sample, decide_by};
pub use seldom::Seldom;
pub use span::{context_of, link, rename};
pub use wanted::name_wanted;
