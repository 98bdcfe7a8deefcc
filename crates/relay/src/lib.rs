//! crowd-relay
