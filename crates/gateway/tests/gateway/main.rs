//! The gateway on a real port, seen by its clients.
#![expect(clippy::unwrap_used, reason = "the helpers are tests too")]

mod failures;
mod files;
mod own;
mod pages;
mod paths;
mod streams;
mod support;
