//! crowd-session
