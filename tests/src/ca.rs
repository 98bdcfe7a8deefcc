//! A certificate authority that lives as long as its test, and what nodes and clients need of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crowd_node::{ClusterTlsFiles, NODE_NAME, TlsFiles};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;

/// An authority, with a folder for its certificates.
pub struct TestCa {
    issuer: CertifiedIssuer<'static, KeyPair>,
    dir: TempDir,
}

impl TestCa {
    /// A new one, which nobody else trusts.
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("keys can be made");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("the settings are valid");
        let dir = tempfile::tempdir().expect("there is room for temporary files");
        std::fs::write(dir.path().join("ca.crt"), issuer.pem()).expect("the folder is ours");
        Self { issuer, dir }
    }

    /// The PEM file of the authority itself.
    pub fn file(&self) -> PathBuf {
        self.dir.path().join("ca.crt")
    }

    /// A certificate for nodes on this machine, for `localhost` and every project below it.
    pub fn node(&self) -> TlsFiles {
        self.issue("node", &["127.0.0.1", "localhost", "*.localhost"])
    }

    /// A node's certificate for the cluster port, and this authority to judge the other nodes by: files of its own.
    pub fn cluster(&self, node: &str) -> ClusterTlsFiles {
        let TlsFiles { cert, key } = self.issue(node, &[NODE_NAME, "localhost"]);
        let ca = self.dir.path().join(format!("{node}.ca"));
        std::fs::copy(self.file(), &ca).expect("the folder is ours");
        ClusterTlsFiles { ca, cert, key }
    }

    /// A certificate for these names, written over one that was issued as `file` before.
    pub fn issue(&self, file: &str, names: &[&str]) -> TlsFiles {
        let key = KeyPair::generate().expect("keys can be made");
        let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        let params = CertificateParams::new(names).expect("valid names");
        let cert = params.signed_by(&key, &self.issuer).expect("the authority may sign");
        let at = |kind: &str| self.dir.path().join(format!("{file}.{kind}"));
        let files = TlsFiles { cert: at("crt"), key: at("key") };
        let write = |path: &Path, pem: String| std::fs::write(path, pem).expect("the folder is ours");
        write(&files.cert, cert.pem());
        write(&files.key, key.serialize_pem());
        files
    }

    /// A client that trusts this authority alone.
    pub fn client(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("it is an authority");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.expect("ring speaks TLS 1.2 and 1.3");
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

/// Calls a cluster port: judges it by `ca`, by the name of all nodes, and shows `identity`.
pub fn caller(ca: &Path, identity: Option<&TlsFiles>) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_file_iter(ca).expect("it is PEM") {
        roots.add(authority.expect("it is a certificate")).expect("it is an authority");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.expect("ring speaks TLS 1.2 and 1.3").with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(TlsFiles { cert, key }) => {
            let chain = CertificateDer::pem_file_iter(cert).expect("it is PEM").map(Result::unwrap).collect();
            let key = PrivateKeyDer::from_pem_file(key).expect("it is a key");
            builder.with_client_auth_cert(chain, key).expect("they belong together")
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

impl Default for TestCa {
    fn default() -> Self {
        Self::new()
    }
}
