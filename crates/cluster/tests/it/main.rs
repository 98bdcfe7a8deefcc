//! Clusters of several nodes in one process, on loopback ports that the system chose.

mod directory;
mod links;
mod membership;
mod registry;
mod support;
