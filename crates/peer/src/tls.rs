//! The TLS of a peer: this computer's certificates, the ring provider.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// Loads the certificates that this computer trusts. Reads files: call it on a blocking thread.
pub(crate) fn native() -> Result<Arc<ClientConfig>, String> {
    let loaded = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(loaded.certs);
    if added == 0 {
        let why = loaded.errors.first().map_or_else(String::new, |error| format!(": {error}"));
        return Err(format!("this computer has no certificates to trust{why}"));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
