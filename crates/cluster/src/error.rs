//! What keeps a node from being in a cluster.

/// Why a node can't join or serve its cluster. The texts are for the operator.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClusterError {
    /// A setting is not valid.
    #[error("{0}")]
    Config(String),
    /// The only node to join is the one that joins.
    #[error(
        "{address} is this node itself: name another one with --join; \
         or, if this is the one that keeps the names, start it with --registry local"
    )]
    NobodyToJoin {
        /// The address that names it.
        address: String,
    },
    /// A node to join is of a cluster with another registry.
    #[error(
        "two clusters: this node's registry is {ours}, but {seed} is in the cluster of registry {theirs}; \
         start this node with --registry node://HOST:PORT of that cluster's keeper, or with another --data"
    )]
    TwoClusters {
        /// The registry id of this node.
        ours: String,
        /// The registry id of the other.
        theirs: String,
        /// Which node to join said so.
        seed: String,
    },
    /// A node to join speaks another version of the protocol.
    #[error("{seed} speaks version {theirs} of the cluster protocol, this node version {ours}")]
    Protocol {
        /// This node's version.
        ours: u32,
        /// The other's.
        theirs: u32,
        /// Which node it is.
        seed: String,
    },
    /// A node to join speaks plain where this one speaks TLS, or the other way round.
    #[error("{node}: {why}")]
    Security {
        /// Which node it is.
        node: String,
        /// What to set.
        why: String,
    },
    /// The cluster port failed.
    #[error("the cluster port failed: {0}")]
    Serve(String),
}
