//! The flags of how to get into etcd, wherever a registry can be there.

use std::path::PathBuf;

use clap::Args;
use crowd_node::{EtcdAccess, EtcdCertificate, EtcdUser};

use crate::exit::Failure;

/// What etcd asks of its clients.
#[derive(Debug, Args)]
#[command(next_help_heading = "etcd")]
pub(crate) struct EtcdFlags {
    /// PEM file of the authorities that sign the certificates of etcd's members: TLS is spoken with them then
    ///
    /// This file and the others for etcd are read again whenever a connection is made, so that new ones are taken without
    /// a restart.
    #[arg(long, env = "CROWD_ETCD_CA", value_name = "F")]
    etcd_ca: Option<PathBuf>,

    /// PEM file of a certificate that etcd knows this client by; needs --etcd-key and --etcd-ca
    #[arg(long, env = "CROWD_ETCD_CERT", value_name = "F")]
    etcd_cert: Option<PathBuf>,

    /// PEM file of that certificate's private key
    #[arg(long, env = "CROWD_ETCD_KEY", value_name = "F")]
    etcd_key: Option<PathBuf>,

    /// Log in to etcd as this user; needs --etcd-password-file
    ///
    /// The user has to be allowed to read and write keys below the prefix, which is /crowd/ unless the address has
    /// another one.
    #[arg(long, env = "CROWD_ETCD_USER", value_name = "NAME")]
    etcd_user: Option<String>,

    /// File that holds that user's password
    #[arg(long, env = "CROWD_ETCD_PASSWORD_FILE", value_name = "F")]
    etcd_password_file: Option<PathBuf>,
}

impl EtcdFlags {
    /// Refuses one half of what only makes sense as a whole.
    pub(crate) fn access(self) -> Result<EtcdAccess, Failure> {
        let certificate = match (self.etcd_cert, self.etcd_key) {
            (Some(_), Some(_)) if self.etcd_ca.is_none() => return Err(lacks("--etcd-cert", "--etcd-ca")),
            (Some(cert), Some(key)) => Some(EtcdCertificate { cert, key }),
            (None, None) => None,
            (Some(_), None) => return Err(lacks("--etcd-cert", "--etcd-key")),
            (None, Some(_)) => return Err(lacks("--etcd-key", "--etcd-cert")),
        };
        let user = match (self.etcd_user, self.etcd_password_file) {
            (Some(name), Some(password_file)) => Some(EtcdUser { name, password_file }),
            (None, None) => None,
            (Some(_), None) => return Err(lacks("--etcd-user", "--etcd-password-file")),
            (None, Some(_)) => return Err(lacks("--etcd-password-file", "--etcd-user")),
        };
        Ok(EtcdAccess { ca: self.etcd_ca, certificate, user })
    }
}

fn lacks(given: &str, other: &str) -> Failure {
    Failure::Usage(format!("{given} needs {other}"))
}
