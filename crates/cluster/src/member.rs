//! A node as the membership knows it.

use std::sync::Arc;

use crowd_directory::NodeName;
use crowd_rpc::{NodeInfo, v1};
use serde::{Deserialize, Serialize};

/// One life of a node. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Packed", into = "Packed")]
pub struct Member {
    /// Unique in the cluster.
    pub name: NodeName,
    /// Of two lives under one name, the one with the higher is the node.
    pub incarnation: u64,
    /// `HOST:PORT` of its cluster port.
    pub address: Arc<str>,
    /// Where the public reaches it; may be empty.
    pub public_url: Arc<str>,
}

/// The name is what is unique: a node that starts again under it, here or elsewhere, takes the place of its former
/// life.
impl foca::Identity for Member {
    type Addr = NodeName;

    /// Declared down by mistake: comes back as a later life.
    fn renew(&self) -> Option<Self> {
        Some(Self { incarnation: self.incarnation.checked_add(1)?, ..self.clone() })
    }

    fn addr(&self) -> NodeName {
        self.name.clone()
    }

    fn win_addr_conflict(&self, adversary: &Self) -> bool {
        self.incarnation > adversary.incarnation
    }
}

/// A member in a packet: checked when it is read.
#[derive(Serialize, Deserialize)]
struct Packed {
    name: String,
    incarnation: u64,
    address: String,
    public_url: String,
}

impl TryFrom<Packed> for Member {
    type Error = String;

    fn try_from(Packed { name, incarnation, address, public_url }: Packed) -> Result<Self, String> {
        let info = NodeInfo { name, incarnation, address, public_url };
        info.check().map(Self::from).map_err(|status| status.message().to_owned())
    }
}

impl From<Member> for Packed {
    fn from(member: Member) -> Self {
        Self {
            name: member.name.as_str().to_owned(),
            incarnation: member.incarnation,
            address: member.address.to_string(),
            public_url: member.public_url.to_string(),
        }
    }
}

impl From<NodeInfo> for Member {
    fn from(info: NodeInfo) -> Self {
        Self {
            name: info.name.into(),
            incarnation: info.incarnation,
            address: info.address.into(),
            public_url: info.public_url.into(),
        }
    }
}

impl From<&Member> for v1::Node {
    fn from(member: &Member) -> Self {
        Self {
            name: member.name.as_str().to_owned(),
            incarnation: member.incarnation,
            address: member.address.to_string(),
            public_url: member.public_url.to_string(),
        }
    }
}
