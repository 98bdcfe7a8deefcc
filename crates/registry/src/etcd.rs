//! The registry on etcd: any node may die, and so may a minority of etcd's members.
//!
//! [`EtcdAddress`] and [`EtcdAccess`] say where it is and how to get in, [`open()`] opens it: in every build, but only
//! with the feature `etcd` it can.

mod access;
mod address;
#[cfg(feature = "etcd")]
mod connect;
#[cfg(feature = "etcd")]
mod keys;
#[cfg(feature = "etcd")]
mod members;
mod opening;
#[cfg(feature = "etcd")]
mod records;
#[cfg(feature = "etcd")]
mod registry;
#[cfg(feature = "etcd")]
mod watch;

pub use access::{EtcdAccess, EtcdCertificate, EtcdUser};
pub use address::EtcdAddress;
pub use opening::{open, open_existing};
#[cfg(feature = "etcd")]
use registry::EtcdRegistry;
