//! What a node is doing, for whoever started it.

use std::time::Duration;

use crowd_directory::NodeName;

/// The stages of a node's life, as [`Node::life`](crate::Node::life) tells them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// The ports are bound, and it looks for its cluster.
    Joining,
    /// It serves.
    Serving(Joined),
    /// It was told to stop.
    Leaving {
        /// Peers that are still connected.
        peers: usize,
        /// What is left of the time that they have.
        left: Duration,
    },
}

/// What a node found when it joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// What it is called.
    pub name: NodeName,
    /// The id of its cluster.
    pub cluster_id: String,
    /// Where the names are kept, as `--registry` has it.
    pub keeper: String,
    /// True where this node keeps them.
    pub keeps: bool,
    /// What the world is told of this node.
    pub public_url: String,
    /// The other nodes that it sees.
    pub others: Vec<NodeName>,
}
