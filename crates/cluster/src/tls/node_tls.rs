//! What a node's files are made into: both sides of a handshake with another node, by TLS 1.3 and HTTP/2 alone.

use std::sync::Arc;

use crowd_tls::{Certificate, Pem, TlsError, identity};
use rustls::client::Resumption;
use rustls::pki_types::UnixTime;
use rustls::server::NoServerSessionStorage;
use rustls::version::TLS13;
use rustls::{ClientConfig, Error, RootCertStore, ServerConfig};

use super::trust::{Side, Trust, why};

/// What HTTP/2 is called in a handshake.
const ALPN: &[u8] = b"h2";

/// One node's identity, and whom it trusts.
#[derive(Debug)]
pub(crate) struct NodeTls {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) client: Arc<ClientConfig>,
    pub(crate) trust: Arc<Trust>,
}

impl NodeTls {
    /// Of the authorities, the certificate and its key. One that other nodes would refuse is refused here first, so
    /// that a mistake in a renewal changes nothing.
    pub(crate) fn make(pems: &[Pem]) -> Result<(Self, Certificate), TlsError> {
        let [ca, cert, key] = pems else { unreachable!("three files were named") };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let trust = Trust::new(roots(ca)?, &provider).map_err(|error| unusable(ca, error.to_string()))?;
        let trust = Arc::new(trust);
        let (chain, private) = (cert.certificates()?, key.key()?);
        for side in [Side::Client, Side::Server] {
            trust.judge(side, &chain, UnixTime::now()).map_err(|error| refused(cert, &error))?;
        }
        let (certificate, wrong) = (Certificate::of(&chain[0]), identity(cert, key));
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&[&TLS13]);
        let builder = builder.map_err(&wrong)?.with_client_cert_verifier(trust.clone());
        let mut server = builder.with_single_cert(chain.clone(), private.clone_key()).map_err(&wrong)?;
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13]);
        let builder = builder.map_err(&wrong)?.with_webpki_verifier(trust.servers());
        let mut client = builder.with_client_auth_cert(chain, private).map_err(&wrong)?;
        server.alpn_protocols = vec![ALPN.to_vec()];
        client.alpn_protocols = vec![ALPN.to_vec()];
        // Who resumes a session shows no certificate. Nodes shake hands seldom enough to do it in full.
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        client.resumption = Resumption::disabled();
        Ok((Self { server: Arc::new(server), client: Arc::new(client), trust }, certificate))
    }
}

fn roots(ca: &Pem) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in ca.certificates()? {
        roots.add(authority).map_err(|error| unusable(ca, error.to_string()))?;
    }
    Ok(roots)
}

fn refused(cert: &Pem, error: &Error) -> TlsError {
    let why = match error {
        Error::InvalidCertificate(error) => why(error),
        other => other.to_string(),
    };
    unusable(cert, format!("other nodes would refuse it: {why}"))
}

fn unusable(pem: &Pem, why: String) -> TlsError {
    TlsError::Unusable { path: pem.path().to_owned(), why }
}
