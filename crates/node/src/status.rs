//! What a node says of itself and its cluster on the admin port.

use std::time::Instant;

use crowd_directory::Ring;
use serde::Serialize;

use crate::parts::Parts;

/// Beyond this many nodes the shares of others are not reckoned for each look at the status.
const SHARES: usize = 100;

/// `GET /api/cluster`.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    node: String,
    cluster: String,
    version: &'static str,
    uptime_s: u64,
    ready: bool,
    nodes: Vec<NodeStatus>,
    peers: usize,
    projects: usize,
    directory_rows: usize,
    names: Option<u64>,
    traffic: Traffic,
}

#[derive(Debug, Serialize)]
struct NodeStatus {
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

impl Status {
    pub(crate) async fn read(parts: &Parts, started: Instant) -> Self {
        let members = parts.cluster.members().borrow().clone();
        let mut ring = Ring::new();
        let reckon = members.len() <= SHARES;
        if reckon {
            members.iter().for_each(|member| {
                ring.insert(member.name.clone());
            });
        }
        let nodes = members.iter().map(|member| NodeStatus {
            name: member.name.to_string(),
            url: member.public_url.to_string(),
            state: "up",
            share: reckon.then(|| ring.share(&member.name)),
        });
        let cluster = parts.cluster.status();
        let (requests, bytes) = parts.relay.traffic();
        let (cache_chunks, cache_bytes) = parts.relay.cache_size();
        Self {
            node: parts.name.to_string(),
            cluster: parts.cluster_id.to_string(),
            version: env!("CARGO_PKG_VERSION"),
            uptime_s: started.elapsed().as_secs(),
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
