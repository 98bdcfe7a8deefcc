//! The gateway on a real port, seen by its clients.
#![expect(clippy::unwrap_used, reason = "the helpers are tests too")]

mod app_files;
mod client_files;
mod failures;
mod files;
mod other_sites;
mod own;
mod pages;
mod paths;
mod progress;
mod resets;
mod sheets;
mod streams;
mod support;
mod tls;
