//! A certificate authority that lives as long as its test.

use std::path::Path;
use std::sync::Arc;

use crowd_gateway::TlsFiles;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

pub(crate) struct Ca(CertifiedIssuer<'static, KeyPair>);

impl Ca {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Writes a new pair for `name` and the loopback addresses to `dir`, in place, and gives the certificate.
    pub(crate) fn issue(&self, name: &str, dir: &Path) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name, "localhost", "127.0.0.1"].map(str::to_owned)).unwrap();
        let cert = params.signed_by(&key, &self.0).unwrap();
        let files = Self::files(dir);
        std::fs::write(files.cert, cert.pem()).unwrap();
        std::fs::write(files.key, key.serialize_pem()).unwrap();
        cert.der().clone()
    }

    /// Where [`Ca::issue`] writes to.
    pub(crate) fn files(dir: &Path) -> TlsFiles {
        TlsFiles { cert: dir.join("tls.crt"), key: dir.join("tls.key") }
    }

    /// A client that trusts this authority alone, and would speak these protocols.
    pub(crate) fn client(&self, protocols: &[&str]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let mut config = builder.unwrap().with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}
