//! crowd-gateway
