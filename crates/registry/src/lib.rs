//! The durable record name → release: who owns a name, which release is its newest, which manifests came before.
//!
//! It is the only hard state of a cluster. [`Registry`] is the port that the rest of a node works with,
//! [`LocalRegistry`] keeps it in one file, [`etcd`] in etcd, [`admit`] says what accepting a release would mean, and [`copy`] moves all of it. Nothing here checks
//! signatures or manifests: that comes first, and is for whoever took the release in.

mod admission;
mod archive;
pub mod backoff;
pub mod breaker;
#[cfg(any(test, feature = "test-util"))]
pub mod contract;
mod counted;
mod database_file;
mod error;
pub mod etcd;
mod identity;
mod local;
mod record;
mod registry;
mod store;
mod writer;

pub use admission::{Admission, admit};
pub use archive::{Archive, Copied, Fate, Target, copy};
pub use backoff::Backoff;
pub use breaker::Breaker;
pub use counted::Counted;
pub use error::RegistryError;
pub use local::LocalRegistry;
pub use record::{MAX_OLDER, Older, Record};
pub use registry::{Change, Outcome, Registry};
