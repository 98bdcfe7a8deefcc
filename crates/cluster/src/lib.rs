//! The rest of the cluster: who is in it (gossip), who hosts what (the shared directory), the links over which nodes
//! ask each other, and the registry of another node.
//!
//! [`Joining`] says whose cluster it is; [`Cluster`] is a node's part in it and gives the relay its
//! [`Nodes`](crowd_relay::Nodes); [`RemoteRegistry`] is the registry that another node keeps. Sessions are not known
//! here, and no project's bytes are kept.

mod answers;
mod cluster;
mod config;
mod counts;
mod courier;
mod dialer;
mod error;
mod figures;
mod forwarding;
mod gossip;
mod joiner;
mod joining;
mod link;
mod lookups;
mod member;
mod neighbours;
mod nodes;
mod outgoing;
mod passport;
mod postman;
mod remote_registry;
mod report;
mod roster;
mod seeds;
mod server;
mod services;
mod shared_directory;
mod spans;
mod survey;
mod timers;
mod tls;
mod wire;

use crowd_registry::{backoff, breaker};

pub use cluster::{Cluster, ClusterStatus, Serving};
pub use config::{ClusterConfig, ProbeConfig};
pub use error::ClusterError;
pub use figures::Figures;
pub use joining::{Hello, Joining};
pub use member::Member;
pub use remote_registry::RemoteRegistry;
pub use report::{NodeReport, NodeState, Reports};
pub use tls::{ClusterTlsFiles, Lines, NODE_NAME};

pub use crowd_rpc::checked_node_name;
