//! Clusters of several nodes in one process, on loopback ports that the system chose.

#![allow(clippy::unwrap_used, reason = "tests")]

mod directory;
mod links;
mod membership;
mod registry;
mod support;
