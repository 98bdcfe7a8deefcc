//! crowd-directory
