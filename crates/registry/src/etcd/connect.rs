//! A connection to one member of etcd, and what its failures mean.

use std::path::Path;
use std::time::Duration;

use etcd_client::{Certificate, Client, ConnectOptions, Error, Identity, TlsOptions};
use tonic::{Code, Status};

use super::EtcdAccess;
use super::access::{EtcdCertificate, EtcdUser};
use crate::RegistryError;

/// The time that a TCP connection has.
const CONNECT: Duration = Duration::from_millis(500);
/// A member that is gone without a word is noticed by these pings, sent while a watch or a call is under way. etcd
/// hangs up on whoever pings more often than every five seconds.
const PING: (Duration, Duration) = (Duration::from_secs(6), Duration::from_secs(2));

/// A call that failed.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: RegistryError,
    /// True where another member, or the same one a little later, may well answer.
    pub(super) passing: bool,
}

/// A client of the member at `endpoint`, logged in where `access` names a user. Where it does not, nothing is sent yet.
/// Every call needs a leader: a member that has none says so at once instead of letting its caller wait.
pub(super) async fn connect(endpoint: &str, access: &EtcdAccess) -> Result<Client, Failure> {
    let options = options(access).await.map_err(|error| Failure { error, passing: false })?;
    Client::connect([endpoint], Some(options)).await.map_err(|error| Failure::of(error, access))
}

async fn options(access: &EtcdAccess) -> Result<ConnectOptions, RegistryError> {
    let mut options = ConnectOptions::new()
        .with_connect_timeout(CONNECT)
        .with_keep_alive(PING.0, PING.1)
        .with_keep_alive_while_idle(false)
        .with_require_leader(true)
        .with_auto_token_refresh(true);
    if let Some(ca) = &access.ca {
        let mut tls = TlsOptions::new().ca_certificate(Certificate::from_pem(read(ca).await?));
        if let Some(EtcdCertificate { cert, key }) = &access.certificate {
            tls = tls.identity(Identity::from_pem(read(cert).await?, read(key).await?));
        }
        options = options.with_tls(tls);
    }
    if let Some(EtcdUser { name, password_file }) = &access.user {
        let password = String::from_utf8(read(password_file).await?);
        let password = password
            .map_err(|_| RegistryError::Storage(format!("{}: it is not text", password_file.display())))?;
        options = options.with_user(name, password.trim_end());
    }
    Ok(options)
}

async fn read(file: &Path) -> Result<Vec<u8>, RegistryError> {
    let bytes = tokio::fs::read(file).await;
    bytes.map_err(|error| RegistryError::Storage(format!("{}: {error}", file.display())))
}

impl Failure {
    pub(super) fn late() -> Self {
        Self { error: RegistryError::Unavailable("it did not answer in time".into()), passing: true }
    }

    /// What went wrong with a member that is spoken with by `access`.
    pub(super) fn of(error: Error, access: &EtcdAccess) -> Self {
        let status = match error {
            Error::GRpcStatus(status) => status,
            // A watch that etcd refused: it has not said more.
            Error::WatchError(why) => return Self { error: RegistryError::Unavailable(why), passing: true },
            // Of what was configured, not of the network: that fails with a status.
            other => return Self { error: RegistryError::Storage(other.to_string()), passing: false },
        };
        let passing = match status.code() {
            // A session that etcd has forgotten, or made before users were changed: the next client logs in again.
            Code::Unauthenticated => true,
            Code::InvalidArgument => status.message().contains("auth store is old"),
            Code::PermissionDenied | Code::FailedPrecondition => false,
            Code::OutOfRange | Code::ResourceExhausted => false,
            _ => true,
        };
        let why = reason(&status, access);
        let error = if passing { RegistryError::Unavailable(why) } else { RegistryError::Storage(why) };
        Self { error, passing }
    }
}

/// What is at the bottom of it: "Connection refused" says more than "transport error". A member that hangs up says
/// little, or nothing where its alert is overtaken by the end, so what it may have missed is named.
fn reason(status: &Status, access: &EtcdAccess) -> String {
    let Some(mut source) = std::error::Error::source(status) else { return status.message().to_owned() };
    while let Some(below) = source.source() {
        source = below;
    }
    let why = source.to_string();
    let hung_up = ["closed", "reset", "pipe", "alert"].iter().any(|sign| why.contains(sign));
    match (hung_up, &access.ca, &access.certificate) {
        (true, None, _) => format!("{why}; does it speak TLS (--etcd-ca)?"),
        (true, Some(_), None) => format!("{why}; does it want a certificate (--etcd-cert)?"),
        _ => why,
    }
}
