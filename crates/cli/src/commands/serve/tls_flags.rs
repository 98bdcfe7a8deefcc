//! The flags of the public port's certificate.

use std::path::PathBuf;

use clap::Args;
use crowd_node::TlsFiles;

use crate::exit::Failure;

/// The certificate of the public port.
#[derive(Debug, Args)]
#[command(next_help_heading = "TLS")]
pub(crate) struct TlsFlags {
    /// PEM file of the public port's certificate: it speaks https and wss then; needs --tls-key
    ///
    /// The certificate comes first, then those that lead from it to the authority. With --domain D a wildcard for *.D is
    /// wanted, since every project has its own origin PROJECT.D. Replaced files are taken without a restart.
    #[arg(long, env = "CROWD_TLS_CERT", value_name = "F")]
    tls_cert: Option<PathBuf>,

    /// PEM file of that certificate's private key: PKCS#8, SEC1 or RSA, not encrypted
    #[arg(long, env = "CROWD_TLS_KEY", value_name = "F")]
    tls_key: Option<PathBuf>,
}

impl TlsFlags {
    /// Both, or neither.
    pub(crate) fn files(self) -> Result<Option<TlsFiles>, Failure> {
        let lacks = |given, other| {
            Failure::Usage(format!("{given} needs {other}: a certificate and its key go together"))
        };
        match (self.tls_cert, self.tls_key) {
            (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(lacks("--tls-cert", "--tls-key")),
            (None, Some(_)) => Err(lacks("--tls-key", "--tls-cert")),
        }
    }
}
