//! A certificate and its key as PEM files hold them: read, checked against each other, made into what serves them.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crowd_protocol::ChunkHash;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{InconsistentKeys, ServerConfig};
use x509_cert::Certificate;
use x509_cert::der::{DateTime, Decode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

/// Bytes of a PEM file at most: a chain has some 10 KB.
const MAX_FILE: u64 = 1 << 20;

/// Where a certificate and its key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM: the certificate, then those that lead from it to one that clients trust.
    pub cert: PathBuf,
    /// PEM: the certificate's private key, as PKCS#8, SEC1 or RSA (PKCS#1), not encrypted.
    pub key: PathBuf,
}

/// Why a certificate and its key can't be served.
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
    /// The two do not belong together.
    #[error("the key in {} is not that of the certificate in {}", key.display(), cert.display())]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// They can be read, but not served.
    #[error("{} can't be served: {error}", cert.display())]
    Unusable {
        /// The certificate's file.
        cert: PathBuf,
        /// Why; part of the message already, so no source of it.
        error: rustls::Error,
    },
}

impl TlsFiles {
    /// What the files hold now. Blocks.
    pub(super) fn read(&self) -> Result<Pair, TlsError> {
        Ok(Pair { cert: read(&self.cert)?, key: read(&self.key)? })
    }

    /// What serves `pair`, with HTTP/2 and HTTP/1.1, over TLS 1.2 or newer.
    pub(super) fn config(&self, pair: &Pair) -> Result<(ServerConfig, Served), TlsError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&pair.cert)
            .collect::<Result<_, _>>()
            .map_err(|error| missing(&self.cert, "certificate", error))?;
        let leaf =
            chain.first().ok_or_else(|| missing(&self.cert, "certificate", pem::Error::NoItemsFound))?;
        let served = Served::of(leaf);
        let key = PrivateKeyDer::from_pem_slice(&pair.key)
            .map_err(|error| missing(&self.key, "private key that is not encrypted", error))?;
        let unusable = |error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                TlsError::Mismatch { cert: self.cert.clone(), key: self.key.clone() }
            }
            error => TlsError::Unusable { cert: self.cert.clone(), error },
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(unusable)?.with_no_client_auth();
        let mut config = builder.with_single_cert(chain, key).map_err(unusable)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Sessions are resumed from what clients keep: the node keeps nothing for each.
        config.ticketer = rustls::crypto::ring::Ticketer::new().map_err(unusable)?;
        Ok((config, served))
    }
}

/// What the two files held when they were read.
pub(super) struct Pair {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Pair {
    /// What tells one pair from another without keeping the key.
    pub(super) fn digest(&self) -> (ChunkHash, ChunkHash) {
        (ChunkHash::of(&self.cert), ChunkHash::of(&self.key))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut bytes = Vec::new();
    let done = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
    done.map(|_| bytes).map_err(|error| TlsError::Unreadable { path: path.to_owned(), error })
}

fn missing(path: &Path, what: &'static str, error: pem::Error) -> TlsError {
    let why = match error {
        pem::Error::NoItemsFound => String::new(),
        error => format!(": {error}"),
    };
    TlsError::Missing { path: path.to_owned(), what, why }
}

/// What the operator wants to know of a certificate.
#[derive(Debug, Default)]
pub(super) struct Served {
    names: Vec<String>,
    not_after: Option<DateTime>,
}

impl Served {
    /// Empty where it can't be told: clients are who judge a certificate.
    fn of(leaf: &CertificateDer<'_>) -> Self {
        let Ok(certificate) = Certificate::from_der(leaf) else { return Self::default() };
        let certificate = certificate.tbs_certificate();
        let names = match certificate.get_extension::<SubjectAltName>() {
            Ok(Some((_, names))) => names.0.iter().filter_map(name).collect(),
            _ => Vec::new(),
        };
        Self { names, not_after: Some(certificate.validity().not_after.to_date_time()) }
    }

    /// The names that it is valid for.
    pub(super) fn names(&self) -> String {
        self.names.join(" ")
    }

    /// Seconds from 1970 until it is over.
    pub(super) fn not_after(&self) -> Option<u64> {
        self.not_after.map(|end| end.unix_duration().as_secs())
    }

    /// True where its time is over.
    pub(super) fn is_over(&self) -> bool {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.not_after().is_some_and(|end| end < now)
    }
}

/// Until when it is valid.
impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.not_after {
            Some(end) => end.fmt(f),
            None => f.write_str("unknown"),
        }
    }
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(ip) => match ip.as_bytes() {
            bytes if bytes.len() == 4 => {
                <[u8; 4]>::try_from(bytes).ok().map(|ip| IpAddr::from(ip).to_string())
            }
            bytes => <[u8; 16]>::try_from(bytes).ok().map(|ip| IpAddr::from(ip).to_string()),
        },
        _ => None,
    }
}
