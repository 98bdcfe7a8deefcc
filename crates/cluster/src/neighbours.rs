//! The other nodes that are up: for each how to ask it, and how to tell it what is hosted here.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use crowd_directory::NodeName;
use crowd_relay::Responder;
use tokio_util::sync::CancellationToken;

use crate::Member;
use crate::courier::Courier;

/// One other node, in one of its lives.
pub(crate) struct Neighbour {
    pub(crate) member: Member,
    /// Whom the relay asks; a link works it off.
    pub(crate) responder: Arc<Responder>,
    /// Delivers what the directory has to say.
    pub(crate) courier: Courier,
    /// Ends the courier: what it still has to say must not reach a later life.
    pub(crate) delivering: CancellationToken,
}

impl Neighbour {
    /// Takes no asks any more; those that wait fail. What the node is working on it may still answer: it may have
    /// left in peace.
    pub(crate) fn close(&self) {
        self.delivering.cancel();
        self.responder.asks().close();
    }
}

/// All of them, by name. Reading takes no lock; only the roster changes it.
#[derive(Default)]
pub(crate) struct Neighbours(ArcSwap<HashMap<NodeName, Arc<Neighbour>>>);

impl Neighbours {
    pub(crate) fn get(&self, node: &NodeName) -> Option<Arc<Neighbour>> {
        self.0.load().get(node).cloned()
    }

    pub(crate) fn all(&self) -> Arc<HashMap<NodeName, Arc<Neighbour>>> {
        self.0.load_full()
    }

    /// Puts a node in; the one of that name before is given back.
    pub(crate) fn insert(&self, neighbour: Neighbour) -> Option<Arc<Neighbour>> {
        let mut all = HashMap::clone(&self.0.load());
        let before = all.insert(neighbour.member.name.clone(), Arc::new(neighbour));
        self.0.store(Arc::new(all));
        before
    }

    pub(crate) fn remove(&self, node: &NodeName) -> Option<Arc<Neighbour>> {
        let mut all = HashMap::clone(&self.0.load());
        let before = all.remove(node);
        self.0.store(Arc::new(all));
        before
    }

    /// Takes all of them out.
    pub(crate) fn clear(&self) {
        for neighbour in self.0.swap(Arc::default()).values() {
            neighbour.close();
        }
    }
}
