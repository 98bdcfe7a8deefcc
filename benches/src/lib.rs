//! crowd-benches
