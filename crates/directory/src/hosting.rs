//! What one node says of one project.

use std::sync::Arc;

use crate::NodeName;
use crate::mix::mix;

/// Peer ids in a sample at most.
pub const MAX_SAMPLE: usize = 4;

/// Bytes of a peer id in a sample at most; a longer one is left out.
pub const MAX_PEER_ID: usize = 128;

/// What the peers of one node host of one project. Nobody hosting it (`all` and `part` 0) means: withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hosting {
    /// The newest version that any of them hosts.
    pub version: u64,
    /// How many have all of it.
    pub all: u32,
    /// How many have part of it.
    pub part: u32,
    /// Ids of some of them, at most [`MAX_SAMPLE`]: a hint for people, never more than that.
    pub sample: Vec<Arc<str>>,
}

impl Hosting {
    /// The hosting that withdraws.
    pub fn none() -> Self {
        Self::default()
    }

    /// True where no peer hosts the project.
    pub fn is_none(&self) -> bool {
        self.all == 0 && self.part == 0
    }

    /// The same with its sample cut to the limits, since it may come from another node.
    pub(crate) fn bounded(mut self) -> Self {
        self.sample.retain(|id| id.len() <= MAX_PEER_ID);
        self.sample.truncate(MAX_SAMPLE);
        self.sample.shrink_to_fit();
        self
    }

    /// The digest of this row of the project whose key is `key`: of its version and counts, not of its sample.
    pub(crate) fn digest(&self, key: u64) -> u64 {
        let counts = u64::from(self.all) << 32 | u64::from(self.part);
        mix(mix(key.wrapping_add(mix(self.version))).wrapping_add(counts))
    }
}

/// One node that has peers which host a project, as an owner of the project answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The node to ask.
    pub node: NodeName,
    /// What it has.
    pub hosting: Hosting,
}

impl Row {
    /// Best first: nodes with all of it before nodes with part, more peers before fewer; then the newer version,
    /// then the name, so that every owner answers in the same order.
    pub(crate) fn sort(rows: &mut [Self]) {
        let rank = |row: &Self| (row.hosting.all, row.hosting.part, row.hosting.version);
        rows.sort_unstable_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| a.node.cmp(&b.node)));
    }
}
