//! Which discovery node: the flags that several commands share, and the connection that they make.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use crowd_peer::{NodeUrl, Peer, PeerConfig};
use crowd_protocol::Server;

/// The discovery node to connect to.
#[derive(Debug, Clone, Args)]
pub(crate) struct NodeArgs {
    /// A discovery node: http(s)://…, ws(s)://… or HOST:PORT
    #[arg(long, env = "CROWD_NODE", value_name = "URL", default_value = "http://127.0.0.1:7000")]
    pub(crate) node: NodeUrl,

    /// Also trust the certificate authorities in this PEM file, beside those that this computer trusts
    ///
    /// For nodes whose certificates are of an authority of your own.
    #[arg(long, env = "CROWD_CA", value_name = "F")]
    ca: Option<PathBuf>,
}

impl NodeArgs {
    /// The node that an address names, or else this one.
    pub(crate) fn for_server(&self, server: Option<&Server>) -> NodeUrl {
        server.map_or_else(|| self.node.clone(), NodeUrl::of)
    }

    /// Connects to a node, or says what could be done about it.
    pub(crate) async fn connect(&self, url: &NodeUrl) -> anyhow::Result<Peer> {
        let mut config = PeerConfig::new([url.clone()]);
        // CROWD_CA= in a deployment's environment means none.
        if let Some(ca) = self.ca.as_ref().filter(|ca| !ca.as_os_str().is_empty()) {
            config = config.trust(ca).await.context("--ca")?;
        }
        match Peer::connect(config).await {
            Err(error) if url.is_loopback() => Err(error).with_context(|| {
                let server = url.server();
                format!(
                    "no discovery node answers at {server} (`crowd serve` starts one; 7000 is its port for \
                         peers, 7001 for nodes, 7002 for its operator)"
                )
            }),
            connected => Ok(connected?),
        }
    }
}
