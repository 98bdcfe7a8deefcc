//! The commands, each in a file of its own.

pub(crate) mod certs;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod get;
pub(crate) mod host;
pub(crate) mod keys;
pub(crate) mod new;
pub(crate) mod publish;
pub(crate) mod registry;
pub(crate) mod serve;
pub(crate) mod status;
