//! crowd-node
