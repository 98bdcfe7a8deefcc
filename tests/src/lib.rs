//! crowd-tests
