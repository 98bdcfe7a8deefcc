//! Why certificates can't be used. The texts are for the operator and name the file.

use std::path::PathBuf;

/// Why the certificates in some files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("{} can't be read: {error}", path.display())]
    Unreadable {
        /// Which one.
        path: PathBuf,
        /// Why; part of the message already, so no source of it.
        error: std::io::Error,
    },
    /// A file is not PEM, or holds something else.
    #[error("{} holds no {what} in PEM form{why}", path.display())]
    Missing {
        /// Which one.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong with it, where it is broken PEM.
        why: String,
    },
    /// A certificate and a key do not belong together.
    #[error("the key in {} is not that of the certificate in {}", key.display(), cert.display())]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// They can be read, but not used.
    #[error("{} can't be served: {why}", path.display())]
    Unusable {
        /// The file of what can't be used.
        path: PathBuf,
        /// Why.
        why: String,
    },
}
