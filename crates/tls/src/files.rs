//! The files of a certificate whose port judges nobody: those of the public port.

use std::path::PathBuf;

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: the certificate, then those that lead from it to one that the other side trusts.
    pub cert: PathBuf,
    /// PEM: the certificate's private key, as PKCS#8, SEC1 or RSA (PKCS#1), not encrypted.
    pub key: PathBuf,
}
