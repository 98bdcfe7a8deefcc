//! crowd-registry
