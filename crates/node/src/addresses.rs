//! The addresses that a node bound.

use std::fmt;
use std::net::SocketAddr;

/// Where a node listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// WebSocket, HTTP gateway, browser app.
    pub public: SocketAddr,
    /// True where the public port speaks TLS.
    pub secure: bool,
    /// The browser app alone, where it is served.
    pub app: Option<SocketAddr>,
    /// gRPC between nodes.
    pub cluster: SocketAddr,
    /// Health, metrics, status.
    pub admin: SocketAddr,
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "public {}://{}", if self.secure { "https" } else { "http" }, self.public)?;
        if let Some(app) = self.app {
            writeln!(f, "app http://{app}")?;
        }
        writeln!(f, "cluster http://{}", self.cluster)?;
        write!(f, "admin http://{}", self.admin)
    }
}
