//! crowd-cluster
