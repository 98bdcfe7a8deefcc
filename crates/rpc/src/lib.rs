//! crowd-rpc
