//! crowd-peer
