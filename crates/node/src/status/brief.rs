//! `GET /api/cluster`: what one node knows by itself, without asking the others.

use crowd_directory::NodeName;
use serde::Serialize;

use crate::parts::Parts;

/// A node and who it sees.
#[derive(Debug, Serialize)]
pub(crate) struct Brief {
    node: String,
    cluster: String,
    version: &'static str,
    uptime_s: u64,
    ready: bool,
    nodes: Vec<Seen>,
    peers: usize,
    projects: usize,
    directory_rows: usize,
    names: Option<u64>,
    traffic: Traffic,
}

#[derive(Debug, Serialize)]
struct Seen {
    name: String,
    url: String,
    state: &'static str,
    share: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Traffic {
    requests: u64,
    bytes: u64,
    cache_chunks: u64,
    cache_bytes: u64,
}

impl Brief {
    pub(crate) async fn read(parts: &Parts, uptime_s: u64) -> Self {
        let members = parts.cluster.members().borrow().clone();
        let shares = parts.cluster.ring().shares();
        let share = |name: &NodeName| shares.get(name).copied();
        let nodes = members.iter().map(|member| Seen {
            name: member.name.to_string(),
            url: member.public_url.to_string(),
            state: "up",
            share: share(&member.name),
        });
        let cluster = parts.cluster.status();
        let (requests, bytes) = parts.relay.traffic();
        let (cache_chunks, cache_bytes) = parts.relay.cache_size();
        Self {
            node: parts.name.to_string(),
            cluster: parts.cluster_id.to_string(),
            version: env!("CARGO_PKG_VERSION"),
            uptime_s,
            ready: parts.is_ready(),
            nodes: nodes.collect(),
            peers: parts.sessions.count(),
            projects: cluster.projects,
            directory_rows: cluster.rows,
            names: parts.relay.registry().len().await.ok(),
            traffic: Traffic { requests, bytes, cache_chunks, cache_bytes },
        }
    }
}
