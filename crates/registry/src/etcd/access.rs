//! How a node proves to etcd who it is, and etcd to it: files, so that new ones are taken without a restart.

use std::path::PathBuf;

/// What an etcd asks of its clients. The files are read anew whenever a connection is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EtcdAccess {
    /// PEM file of the authorities that sign the members' certificates; without it TLS is not spoken.
    pub ca: Option<PathBuf>,
    /// This node's own certificate, where etcd wants one.
    pub certificate: Option<EtcdCertificate>,
    /// Whom to log in as, where etcd has users.
    pub user: Option<EtcdUser>,
}

/// A certificate for etcd's clients, and its key; both are PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdCertificate {
    /// The certificate, then those that lead from it to the authority.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// One of etcd's users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdUser {
    /// Its name.
    pub name: String,
    /// A file that holds nothing but the password; white space at its end does not count.
    pub password_file: PathBuf,
}
