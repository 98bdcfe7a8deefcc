//! What a directory wants done. The caller delivers; nothing here knows how.

use crowd_protocol::ProjectName;

use crate::{Hosting, NodeName};

/// One message for one other node. Deliver those for the same node in the order they came; report one that did not
/// arrive with [`Directory::failed`](crate::Directory::failed). Rows are unbounded in number: stream them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Tell `to` these rows; a hosting that is none withdraws.
    Announce {
        /// An owner of all of them.
        to: NodeName,
        /// Each project at most once.
        rows: Vec<(ProjectName, Hosting)>,
    },
    /// Replace everything that `to` holds of this node.
    Sync {
        /// An owner, or a node that just came up; then `rows` may be empty.
        to: NodeName,
        /// Each project at most once, none withdrawn.
        rows: Vec<(ProjectName, Hosting)>,
    },
    /// Extend this node's lease at `to`; answer with [`Directory::renewal`](crate::Directory::renewal).
    Renew {
        /// An owner that holds rows of this node.
        to: NodeName,
        /// The digest of what it should hold.
        digest: u64,
    },
}

impl Effect {
    /// The node it is for.
    pub fn to(&self) -> &NodeName {
        match self {
            Self::Announce { to, .. } | Self::Sync { to, .. } | Self::Renew { to, .. } => to,
        }
    }
}
