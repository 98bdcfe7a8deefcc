//! What the relay needs of the rest of a node: its peers, and the other nodes.

use std::pin::Pin;
use std::sync::Arc;

use crowd_directory::{Hosting, Row};
use crowd_protocol::{Have, ProjectName};

use crate::Responder;

/// A future that a port returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The peers connected to this node, and what each has.
pub trait LocalPeers: Send + Sync + 'static {
    /// What this node has to say of `project` to others: its newest hosted release, how many peers have all of it
    /// and how many a part or an older one.
    fn hosting(&self, project: &ProjectName) -> Hosting;

    /// The releases of `project` that are hosted here, each once.
    fn versions(&self, project: &ProjectName) -> Vec<u64>;

    /// Every project that is hosted here.
    fn projects(&self) -> Vec<ProjectName>;

    /// The better of two random hosts of `project` for which `has` says yes, by [`Responder::score`] for `size`
    /// bytes, that is none of `asked`; and the release that it hosts.
    fn pick(
        &self,
        project: &ProjectName,
        size: u32,
        has: &dyn Fn(u64, &Have) -> bool,
        asked: &[Arc<str>],
    ) -> Option<(Arc<Responder>, u64)>;
}

/// The other nodes of the cluster.
pub trait Nodes: Send + Sync + 'static {
    /// [`Nodes::holders`] as far as it is in memory and recent.
    fn known_holders(&self, project: &ProjectName) -> Option<Vec<Arc<Responder>>>;

    /// The nodes whose peers host `project`, best first, this node left out. `fresh`: by asking the owners again,
    /// not from memory. Answers within the relay's lookup time whatever happens.
    fn holders<'a>(&'a self, project: &'a ProjectName, fresh: bool) -> BoxFuture<'a, Vec<Arc<Responder>>>;

    /// What the peers of other nodes host of `project`: a row for each node that is up and has any, best first.
    fn hosting_elsewhere<'a>(&'a self, project: &'a ProjectName) -> BoxFuture<'a, Vec<Row>>;

    /// What this node's peers host of `project` has changed: tells the owners [`LocalPeers::hosting`]. Done when a
    /// request at any live node can find it.
    fn announce<'a>(&'a self, project: &'a ProjectName) -> BoxFuture<'a, ()>;
}

/// A cluster of one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

impl Nodes for Alone {
    fn known_holders(&self, _: &ProjectName) -> Option<Vec<Arc<Responder>>> {
        Some(Vec::new())
    }

    fn holders<'a>(&'a self, _: &'a ProjectName, _: bool) -> BoxFuture<'a, Vec<Arc<Responder>>> {
        Box::pin(async { Vec::new() })
    }

    fn hosting_elsewhere<'a>(&'a self, _: &'a ProjectName) -> BoxFuture<'a, Vec<Row>> {
        Box::pin(async { Vec::new() })
    }

    fn announce<'a>(&'a self, _: &'a ProjectName) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}
