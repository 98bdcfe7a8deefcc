//! PEM files: what they held when they were read, and the certificates and the key in them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};

use crate::TlsError;

/// Bytes of a file at most: a chain has some 10 KB.
const MAX_FILE: u64 = 1 << 20;

/// What one file held when it was read.
pub struct Pem {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Pem {
    /// What the file holds now. Blocks.
    pub fn read(path: &Path) -> Result<Self, TlsError> {
        let mut bytes = Vec::new();
        let done = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
        done.map(|_| Self { path: path.to_owned(), bytes })
            .map_err(|error| TlsError::Unreadable { path: path.to_owned(), error })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The certificates in it, one at least, in their order.
    pub fn certificates(&self) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.bytes).collect();
        let found = found.map_err(|error| self.missing("certificate", error))?;
        match found.is_empty() {
            true => Err(self.missing("certificate", pem::Error::NoItemsFound)),
            false => Ok(found),
        }
    }

    /// The private key in it.
    pub fn key(&self) -> Result<PrivateKeyDer<'static>, TlsError> {
        PrivateKeyDer::from_pem_slice(&self.bytes)
            .map_err(|error| self.missing("private key that is not encrypted", error))
    }

    /// What tells one content from another without keeping a key.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    fn missing(&self, what: &'static str, error: pem::Error) -> TlsError {
        let why = match error {
            pem::Error::NoItemsFound => String::new(),
            error => format!(": {error}"),
        };
        TlsError::Missing { path: self.path.clone(), what, why }
    }
}

/// What `error`, met while making use of the certificate in `cert` and the key in `key`, says about the files.
pub fn identity(cert: &Pem, key: &Pem) -> impl Fn(rustls::Error) -> TlsError {
    let (cert, key) = (cert.path.clone(), key.path.clone());
    move |error| match error {
        rustls::Error::InconsistentKeys(rustls::InconsistentKeys::KeyMismatch) => {
            TlsError::Mismatch { cert: cert.clone(), key: key.clone() }
        }
        error => TlsError::Unusable { path: cert.clone(), why: error.to_string() },
    }
}
