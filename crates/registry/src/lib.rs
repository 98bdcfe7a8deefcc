//! The durable record name → release: who owns a name, which release is its newest, which manifests came before.
//!
//! It is the only hard state of a cluster. [`Registry`] is the port that the rest of a node works with,
//! [`LocalRegistry`] keeps it in one file, [`admit`] says what accepting a release would mean. Nothing here checks
//! signatures or manifests: that comes first, and is for whoever took the release in.

mod admission;
#[cfg(any(test, feature = "test-util"))]
pub mod contract;
mod error;
mod local;
mod record;
mod registry;
mod store;
mod writer;

pub use admission::{Admission, admit};
pub use error::RegistryError;
pub use local::LocalRegistry;
pub use record::{MAX_OLDER, Older, Record};
pub use registry::{Change, Outcome, Registry};
