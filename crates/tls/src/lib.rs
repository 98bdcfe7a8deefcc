//! Certificates in files that change while a node runs: read from PEM, looked at again and again, and made into what
//! shakes hands. Used by the public port, by the cluster port, and by the command that makes certificates.
//!
//! [`Reloading`] follows the files; what is made of them is its user's: whom to trust is not decided here.

mod certificate;
mod error;
mod expiry;
mod files;
mod follower;
mod pem;
mod reloading;

pub use certificate::Certificate;
pub use error::TlsError;
pub use files::TlsFiles;
pub use pem::{Pem, identity};
pub use reloading::Reloading;
