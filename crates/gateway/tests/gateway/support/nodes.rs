//! The other nodes of a test's cluster: they have rows, and nobody to ask.

use std::sync::{Arc, Mutex};

use crowd_directory::{Hosting, NodeName, Row};
use crowd_protocol::ProjectName;
use crowd_relay::{BoxFuture, Nodes, Responder};

#[derive(Default)]
pub(crate) struct OtherNodes {
    rows: Mutex<Vec<Row>>,
}

impl OtherNodes {
    /// `node` has so many peers that host, whatever project.
    pub(crate) fn host(&self, node: &str, all: u32, part: u32) {
        let row =
            Row { node: NodeName::from(node), hosting: Hosting { version: 1, all, part, sample: vec![] } };
        self.rows.lock().unwrap().push(row);
    }
}

impl Nodes for OtherNodes {
    fn known_holders(&self, _: &ProjectName) -> Option<Vec<Arc<Responder>>> {
        Some(Vec::new())
    }

    fn holders<'a>(&'a self, _: &'a ProjectName, _: bool) -> BoxFuture<'a, Vec<Arc<Responder>>> {
        Box::pin(async { Vec::new() })
    }

    fn hosting_elsewhere<'a>(&'a self, _: &'a ProjectName) -> BoxFuture<'a, Vec<Row>> {
        Box::pin(async { self.rows.lock().unwrap().clone() })
    }

    fn announce<'a>(&'a self, _: &'a ProjectName) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}
