//! What a peer is started with.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::{Backoff, NodeUrl, PeerError, tls};

/// Where to connect and how patient to be. [`PeerConfig::new`] has defaults for all but the nodes.
#[derive(Debug, Clone)]
pub struct PeerConfig {
    /// Nodes of one cluster, the preferred one first; the cluster itself names more.
    pub urls: Vec<NodeUrl>,
    /// For one attempt at one node: TCP, TLS, WebSocket and the node's `welcome`.
    pub connect_timeout: Duration,
    /// For each thing asked, reconnections and retries included.
    pub request_timeout: Duration,
    /// Between attempts to reconnect.
    pub backoff: Backoff,
    /// What to trust in TLS; none for this computer's own certificates.
    pub tls: Option<Arc<rustls::ClientConfig>>,
}

impl PeerConfig {
    /// The defaults, for the cluster that these nodes are of.
    pub fn new(urls: impl IntoIterator<Item = NodeUrl>) -> Self {
        Self {
            urls: urls.into_iter().collect(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            backoff: Backoff::default(),
            tls: None,
        }
    }

    /// Also trusts the certificate authorities in this PEM file, beside those that this computer trusts.
    pub async fn trust(self, ca: &Path) -> Result<Self, PeerError> {
        let file = ca.to_owned();
        let loaded = tokio::task::spawn_blocking(move || tls::native_and(&file)).await;
        let tls = loaded.map_err(|error| PeerError::join(ca, &error))??;
        Ok(Self { tls: Some(tls), ..self })
    }
}
