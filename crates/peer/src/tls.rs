//! The TLS of a peer: what it trusts, the ring provider.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::PeerError;

/// Loads the certificates that this computer trusts. Reads files: call it on a blocking thread.
pub(crate) fn native() -> Result<Arc<ClientConfig>, String> {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(loaded.certs);
    if added == 0 {
        let why = loaded.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(format!("this computer has no certificates to trust{why}"));
    }
    Ok(config(roots))
}

/// The same, and the authorities in the PEM file `ca`, which alone will do where this computer trusts nobody.
pub(crate) fn native_and(ca: &Path) -> Result<Arc<ClientConfig>, PeerError> {
    let pem = std::fs::read(ca).map_err(|error| PeerError::io(ca, error))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| PeerError::folder(ca, error.to_string()))?;
        roots.add(certificate).map_err(|error| PeerError::folder(ca, error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(PeerError::folder(ca, "it holds no certificate in PEM form"));
    }
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Ok(config(roots))
}

fn config(roots: RootCertStore) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring speaks TLS 1.2 and 1.3");
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}
