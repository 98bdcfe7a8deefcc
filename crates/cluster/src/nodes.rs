//! What the relay sees of the cluster: for each project the nodes to ask, and whom to tell what is hosted here.

use std::sync::Arc;
use std::time::Duration;

use crowd_directory::Row;
use crowd_protocol::{DEFAULT_CHUNK, ProjectName};
use crowd_relay::{BoxFuture, LocalPeers, Nodes, Responder};
use futures_util::future::join_all;
use rand::seq::SliceRandom;
use tokio::time::timeout;

use crate::lookups::Lookups;
use crate::neighbours::Neighbours;
use crate::shared_directory::SharedDirectory;
use crate::spans::tell_known;

/// So long an announcement may take before the peer that waits for it gets its `ok` all the same: an owner that is
/// that slow is either dying, and then no owner any more, or synced within moments.
const ANNOUNCED_BY: Duration = Duration::from_secs(1);

/// The relay's port to the other nodes.
pub(crate) struct ClusterNodes {
    pub(crate) directory: Arc<SharedDirectory>,
    pub(crate) neighbours: Arc<Neighbours>,
    pub(crate) lookups: Arc<Lookups>,
    pub(crate) peers: Arc<dyn LocalPeers>,
}

impl ClusterNodes {
    /// The nodes of `rows` that are up: those with all of it first, then those with part; among equals by chance,
    /// but of the first two the one that would be quicker.
    fn responders(&self, rows: &[Row]) -> Vec<Arc<Responder>> {
        let up = self.neighbours.all();
        let mut found: Vec<(bool, Arc<Responder>)> = rows
            .iter()
            .filter_map(|row| Some((row.hosting.all == 0, up.get(&row.node)?.responder.clone())))
            .collect();
        found.shuffle(&mut rand::rng());
        found.sort_by_key(|(part, _)| *part);
        if let [(a_part, a), (b_part, b), ..] = &found[..] {
            let size = DEFAULT_CHUNK as u32;
            if a_part == b_part && b.score(size) < a.score(size) {
                found.swap(0, 1);
            }
        }
        found.into_iter().map(|(_, responder)| responder).collect()
    }
}

impl Nodes for ClusterNodes {
    fn known_holders(&self, project: &ProjectName) -> Option<Vec<Arc<Responder>>> {
        let rows = self.lookups.known(project)?;
        tell_known(project, rows.len());
        Some(self.responders(&rows))
    }

    fn holders<'a>(&'a self, project: &'a ProjectName, fresh: bool) -> BoxFuture<'a, Vec<Arc<Responder>>> {
        Box::pin(async move { self.responders(&self.lookups.find(project, fresh).await) })
    }

    fn hosting_elsewhere<'a>(&'a self, project: &'a ProjectName) -> BoxFuture<'a, Vec<Row>> {
        Box::pin(async move {
            let rows = self.lookups.find(project, false).await;
            let up = self.neighbours.all();
            rows.iter().filter(|row| up.contains_key(&row.node)).cloned().collect()
        })
    }

    fn announce<'a>(&'a self, project: &'a ProjectName) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            // What is hosted is read under the directory's lock: of two racing announcements the later one says
            // the later truth.
            self.directory.act(|directory, now| directory.host(project, self.peers.hosting(project), now));
            let owners = self.directory.with(|directory, now| directory.owners(project, now));
            let neighbours = self.neighbours.all();
            let told = owners.iter().filter_map(|owner| neighbours.get(owner)?.courier.fence());
            let told = join_all(told.collect::<Vec<_>>());
            if timeout(ANNOUNCED_BY, told).await.is_err() {
                metrics::counter!("crowd_announcements_late_total").increment(1);
            }
        })
    }
}
