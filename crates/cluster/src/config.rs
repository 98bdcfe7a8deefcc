//! What a node tells its cluster part: who it is, whose cluster it is in, and how patient it is.

use std::time::Duration;

use crowd_directory::NodeName;
use crowd_rpc::NodeInfo;

use crate::{ClusterError, Lines, Member};

/// One node of one cluster.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// Unique in the cluster: 1 to 128 of `A-Z a-z 0-9 . _ -`.
    pub name: NodeName,
    /// Rises with every start under the same name: Unix milliseconds do.
    pub incarnation: u64,
    /// `HOST:PORT` at which other nodes reach the cluster port.
    pub advertise: String,
    /// Where the public reaches this node; empty where it has no such place.
    pub public_url: String,
    /// The id of the registry, which is the cluster's identity.
    pub cluster_id: String,
    /// Where that registry is, as the flag `--registry` has it: told to nodes that join.
    pub keeper: String,
    /// `HOST:PORT` of nodes to join by; a name may have several addresses, and is resolved again and again.
    pub join: Vec<String>,
    /// How connections with other nodes are secured.
    pub lines: Lines,
    /// How the dead are told from the living.
    pub probe: ProbeConfig,
    /// How long a lookup may take; less than the relay gives it.
    pub lookup: Duration,
}

impl ClusterConfig {
    /// A node with default patience that joins nobody.
    pub fn new(name: NodeName, advertise: impl Into<String>, cluster_id: impl Into<String>) -> Self {
        Self {
            name,
            incarnation: 1,
            advertise: advertise.into(),
            public_url: String::new(),
            cluster_id: cluster_id.into(),
            keeper: String::new(),
            join: Vec::new(),
            lines: Lines::plain(),
            probe: ProbeConfig::default(),
            lookup: Duration::from_millis(600),
        }
    }

    /// This node as others see it, or what is wrong with its name, address or URL.
    pub fn member(&self) -> Result<Member, ClusterError> {
        let info = NodeInfo {
            name: self.name.as_str().to_owned(),
            incarnation: self.incarnation,
            address: self.advertise.clone(),
            public_url: self.public_url.clone(),
        };
        info.check().map(Member::from).map_err(|status| ClusterError::Config(status.message().to_owned()))
    }
}

/// Settings of the membership protocol. A crash is known by all of a small cluster after about
/// three periods and the time of suspicion.
#[derive(Debug, Clone, Copy)]
pub struct ProbeConfig {
    /// Each node probes one other every so often.
    pub period: Duration,
    /// An answer is expected within this time, before others are asked to probe too. Less than half the period.
    pub rtt: Duration,
    /// Who failed a probe has this long to object.
    pub suspicion: Duration,
}

impl Default for ProbeConfig {
    fn default() -> Self {
        Self {
            period: Duration::from_millis(500),
            rtt: Duration::from_millis(200),
            suspicion: Duration::from_secs(2),
        }
    }
}
