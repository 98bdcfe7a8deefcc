//! Where a node's certificate for the cluster port is, and what makes a certificate a node's.

use std::path::PathBuf;

/// The name that every node's certificate carries beside its own, and that both sides ask for: whatever else the
/// authority certifies is no node. Since it is always the same, nodes are reached by any name or address.
pub const NODE_NAME: &str = "node.crowd.internal";

/// PEM files of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterTlsFiles {
    /// The authorities that nodes' certificates come from: two of them while one follows the other.
    pub ca: PathBuf,
    /// This node's certificate, for [`NODE_NAME`], and those that lead from it to an authority.
    pub cert: PathBuf,
    /// The certificate's private key, as PKCS#8, SEC1 or RSA (PKCS#1), not encrypted.
    pub key: PathBuf,
}
