//! How this node is: what it tells the others when they ask, and shows of itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crowd_cluster::{Figures, NodeReport, Reports};
use crowd_directory::NodeName;
use crowd_protocol::ProjectName;
use crowd_relay::BoxFuture;

use crate::parts::Parts;

use super::fresh::Fresh;
use super::load::Load;

/// Going through the directory costs half a second among a million projects.
const SINGLE_HOSTED_EVERY: Duration = Duration::from_secs(5);

pub(crate) struct Portrait {
    parts: Arc<Parts>,
    cache_limit: u64,
    started: Instant,
    load: Load,
    single_hosted: Fresh<(Vec<(ProjectName, NodeName)>, u64)>,
}

impl Portrait {
    pub(crate) fn new(parts: Arc<Parts>, cache_limit: u64, started: Instant) -> Self {
        let single_hosted = Fresh::new(SINGLE_HOSTED_EVERY);
        Self { parts, cache_limit, started, load: Load::new(), single_hosted }
    }

    pub(crate) fn uptime_s(&self) -> u64 {
        self.started.elapsed().as_secs()
    }

    async fn draw(&self) -> NodeReport {
        let Parts { relay, sessions, cluster, .. } = &*self.parts;
        let search = || -> BoxFuture<'static, _> {
            let cluster = cluster.clone();
            Box::pin(async move { cluster.single_hosted().await })
        };
        let single_hosted = self.single_hosted.get(search).await;
        let (cache_chunks, cache_bytes) = relay.cache_size();
        let (chunk_room, manifest_room) = relay.room_used();
        let (cpu, memory) = self.load.read();
        let directory = cluster.status();
        NodeReport {
            state: self.parts.state(),
            version: env!("CARGO_PKG_VERSION").into(),
            uptime_s: self.uptime_s(),
            figures: Figures {
                peers: sessions.count() as u64,
                max_peers: sessions.limit() as u64,
                projects: directory.projects as u64,
                directory_rows: directory.rows as u64,
                cache_chunks,
                cache_bytes,
                cache_limit: self.cache_limit,
                room_used: chunk_room.max(manifest_room),
                cpu,
                cpus: std::thread::available_parallelism().map_or(0, |cpus| cpus.get() as u32),
                memory,
                denied: relay.denied() as u64,
            },
            settling: directory.in_transition,
            seconds: relay.pulse().seconds(),
            busiest: relay.pulse().busiest(),
            single_hosted: single_hosted.0.clone(),
            single_hosted_total: single_hosted.1,
        }
    }
}

impl Reports for Portrait {
    fn report(&self) -> BoxFuture<'_, NodeReport> {
        Box::pin(self.draw())
    }
}
