//! `/api/overview` as the command reads it. A node of another version may leave out what it doesn't know.

use serde::Deserialize;

/// The cluster as one node puts it together.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ClusterView {
    pub(super) node: String,
    pub(super) cluster: String,
    pub(super) registry: String,
    pub(super) names: Option<u64>,
    pub(super) settling: bool,
    pub(super) nodes: Vec<NodeView>,
    pub(super) peers: u64,
    pub(super) now: Rates,
    pub(super) busiest: Vec<Busy>,
    pub(super) single_hosted: SingleHosted,
}

/// One node.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeView {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) why: Option<String>,
    pub(super) gone_s: Option<u64>,
    pub(super) share: Option<f64>,
    /// None where it never said how it is.
    pub(super) version: Option<String>,
    pub(super) uptime_s: u64,
    pub(super) peers: u64,
    #[serde(flatten)]
    pub(super) now: Rates,
    pub(super) cache_bytes: u64,
    pub(super) room_used: f64,
    pub(super) cpu: f64,
    pub(super) cpus: u32,
    pub(super) memory: u64,
}

/// What goes on, over the last ten seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Rates {
    pub(super) answers_per_s: f64,
    pub(super) failures_per_s: f64,
    pub(super) bytes_per_s: f64,
    pub(super) p50_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
}

/// A project of the last minute.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Busy {
    pub(super) project: String,
    pub(super) answers: u64,
    pub(super) bytes: u64,
}

/// Projects with a single host.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SingleHosted {
    pub(super) total: u64,
    pub(super) projects: Vec<Single>,
}

/// One of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Single {
    pub(super) project: String,
    pub(super) node: String,
}
