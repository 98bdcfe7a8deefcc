//! Whom a node takes for a node: who shows a certificate of the cluster's authority that is for [`NODE_NAME`].

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{VerifierBuilderError, WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
    client::danger::HandshakeSignatureValid, crypto::CryptoProvider,
};

use super::files::NODE_NAME;

/// The part of the other side in a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// It called.
    Client,
    /// It was called.
    Server,
}

/// Judges the other side's certificates.
#[derive(Debug)]
pub(crate) struct Trust {
    clients: Arc<dyn ClientCertVerifier>,
    servers: Arc<WebPkiServerVerifier>,
}

impl Trust {
    pub(crate) fn new(
        roots: RootCertStore,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, VerifierBuilderError> {
        let roots = Arc::new(roots);
        Ok(Self {
            clients: WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).build()?,
            servers: WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build()?,
        })
    }

    /// For the calling side of a handshake.
    pub(crate) fn servers(&self) -> Arc<WebPkiServerVerifier> {
        self.servers.clone()
    }

    /// Judges `chain` at `time`, as the handshake does.
    pub(crate) fn judge(
        &self,
        side: Side,
        chain: &[CertificateDer<'_>],
        time: UnixTime,
    ) -> Result<(), Error> {
        let (leaf, rest) = chain.split_first().ok_or(Error::NoCertificatesPresented)?;
        match side {
            Side::Client => self.verify_client_cert(leaf, rest, time).map(drop),
            Side::Server => self.servers.verify_server_cert(leaf, rest, &node_name(), &[], time).map(drop),
        }
    }
}

/// The name that is asked for, whomever this node calls.
pub(crate) fn node_name() -> ServerName<'static> {
    ServerName::try_from(NODE_NAME).expect("it is a DNS name")
}

/// As webpki does for clients, and by name as it does for servers only.
impl ClientCertVerifier for Trust {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.clients.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        rest: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.clients.verify_client_cert(leaf, rest, now)?;
        verify_server_name(&ParsedCertificate::try_from(leaf)?, &node_name())?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.clients.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.clients.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.clients.supported_verify_schemes()
    }
}

/// Why a certificate is no node's, for the operator.
pub(crate) fn why(error: &CertificateError) -> String {
    use CertificateError as Bad;
    match error {
        Bad::UnknownIssuer | Bad::BadSignature => "no authority in --cluster-ca has signed it".to_owned(),
        Bad::NotValidForName | Bad::NotValidForNameContext { .. } => {
            format!("it is not for {NODE_NAME}, as those of nodes are")
        }
        Bad::Expired | Bad::ExpiredContext { .. } => "its time is over".to_owned(),
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "its time has not begun, or the clocks differ".to_owned()
        }
        Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => {
            "its extended key usage does not allow both clients and servers".to_owned()
        }
        other => other.to_string(),
    }
}
