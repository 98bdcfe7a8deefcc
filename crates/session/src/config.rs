//! What can be set about sessions, with the defaults.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// Names, limits and time-outs of a node's sessions.
#[derive(Debug, Clone)]
pub struct SessionConfig {
    /// The node's name, as `welcome` tells it.
    pub node: Arc<str>,
    /// The cluster's id, as `welcome` tells it.
    pub cluster: Arc<str>,
    /// WebSocket addresses of the cluster's nodes, as they change.
    pub nodes: watch::Receiver<Arc<Vec<String>>>,
    /// Between the node's pings; a peer that is silent for two of them is dropped.
    pub heartbeat: Duration,
    /// Connections at most; one more is refused with 503.
    pub max_peers: usize,
    /// Bytes of answers on their way to one peer.
    pub peer_bytes: u64,
    /// Projects that one connection may host or watch.
    pub max_projects: usize,
    /// An ask that a peer did not answer for this long is no longer open.
    pub ask_expiry: Duration,
    /// Bytes that one page answers within 24 hours; then it is asked no more. Programs are not capped.
    pub page_upload_bytes: u64,
    /// Over how long the peers of a leaving node are spread.
    pub goaway_spread: Duration,
}

impl SessionConfig {
    /// The defaults for `node` of `cluster`.
    pub fn new(node: Arc<str>, cluster: Arc<str>, nodes: watch::Receiver<Arc<Vec<String>>>) -> Self {
        Self {
            node,
            cluster,
            nodes,
            heartbeat: Duration::from_secs(30),
            max_peers: 50_000,
            peer_bytes: 8 << 20,
            max_projects: 4_096,
            ask_expiry: Duration::from_secs(60),
            page_upload_bytes: 1 << 30,
            goaway_spread: Duration::from_secs(5),
        }
    }
}
