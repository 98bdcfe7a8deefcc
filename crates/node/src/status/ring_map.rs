//! `GET /api/ring`: the ring as it can be drawn. It changes only with the nodes that are up.

use std::hash::{DefaultHasher, Hash, Hasher};

use crowd_directory::Ring;
use serde::Serialize;

/// With more nodes than this, the parts are thinner than anybody can see, and their list is long.
const DRAWN: usize = 64;

#[derive(Debug, Serialize)]
pub(crate) struct RingMap {
    id: String,
    nodes: Vec<String>,
    /// Where each part ends, from 0 to 1 round the ring, and which of the nodes owns it. Empty where there are too
    /// many to draw.
    arcs: Vec<(f64, usize)>,
}

impl RingMap {
    pub(crate) fn of(ring: &Ring) -> Self {
        let nodes = ring.nodes();
        let at = |name| nodes.binary_search(name).expect("the ring's parts are of its nodes");
        let arcs = if nodes.len() > DRAWN { Vec::new() } else { ring.arcs() };
        Self {
            id: id(ring),
            arcs: arcs.iter().map(|(end, name)| ((end * 1e6).round() / 1e6, at(name))).collect(),
            nodes: nodes.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The same for rings of the same nodes.
pub(crate) fn id(ring: &Ring) -> String {
    let mut hasher = DefaultHasher::new();
    ring.nodes().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
