//! What is known of the node that a peer is connected to.

use crate::NodeUrl;

/// A connection, as the node's `welcome` describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Where the node was reached.
    pub url: NodeUrl,
    /// The node's name.
    pub node: String,
    /// The cluster's id.
    pub cluster: String,
    /// What the node calls this peer.
    pub peer: String,
    /// The cluster's nodes, as the node names them.
    pub nodes: Vec<String>,
    /// Seconds between the node's pings.
    pub heartbeat_s: u64,
}
