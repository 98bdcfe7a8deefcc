//! What the relay counts while it works: each counter looked up once, since a lookup for every ask would cost more than
//! the counting.

use std::sync::LazyLock;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::Kind;
use crate::attempt::Miss;
use crate::spans::Turn;

/// The process's counters; several nodes in one process share them.
pub(crate) static COUNTS: LazyLock<Counts> = LazyLock::new(Counts::new);

pub(crate) struct Counts {
    peers: Asked,
    nodes: Asked,
    hedges_silent: Counter,
    hedges_slow: Counter,
    pub(crate) shared: Counter,
    pub(crate) cache_hits: Counter,
    pub(crate) cache_misses: Counter,
}

/// Of the peers, or of the nodes, that are asked.
pub(crate) struct Asked {
    /// Asks under way.
    pub(crate) open: Gauge,
    /// How long verified answers took.
    pub(crate) seconds: Histogram,
    /// Those that come last for what they did.
    pub(crate) faulty: Gauge,
    queue_full: Counter,
    /// By [`Miss::label`].
    misses: [(&'static str, Counter); 5],
}

impl Counts {
    fn new() -> Self {
        let hedges = |why: &'static str| counter!("crowd_hedges_total", "why" => why);
        let cache = |outcome: &'static str| counter!("crowd_cache_lookups_total", "outcome" => outcome);
        Self {
            peers: Asked::new("peer", "peer_asks"),
            nodes: Asked::new("node", "node_asks"),
            hedges_silent: hedges("silent"),
            hedges_slow: hedges("slow"),
            shared: counter!("crowd_requests_shared_total"),
            cache_hits: cache("hit"),
            cache_misses: cache("miss"),
        }
    }

    /// A candidate is asked, and why, where that is a hedge.
    pub(crate) fn turn(&self, turn: Turn) {
        match turn.hedge {
            Some("silent") => self.hedges_silent.increment(1),
            Some(_) => self.hedges_slow.increment(1),
            None => {}
        }
    }

    pub(crate) fn of(&self, kind: Kind) -> &Asked {
        match kind {
            Kind::Peer => &self.peers,
            Kind::Node => &self.nodes,
        }
    }
}

impl Asked {
    fn new(of: &'static str, queue: &'static str) -> Self {
        Self {
            open: gauge!("crowd_asks", "of" => of),
            seconds: histogram!("crowd_hop_seconds", "hop" => of),
            faulty: gauge!("crowd_responders_faulty", "of" => of),
            queue_full: counter!("crowd_queue_full_total", "queue" => queue),
            misses: Miss::LABELS
                .map(|why| (why, counter!("crowd_failovers_total", "of" => of, "why" => why))),
        }
    }

    /// An ask brought nothing.
    pub(crate) fn missed(&self, miss: &Miss) {
        if matches!(miss, Miss::Busy) {
            self.queue_full.increment(1);
        }
        if let Some((_, misses)) = self.misses.iter().find(|(why, _)| *why == miss.label()) {
            misses.increment(1);
        }
    }
}

/// Counts an ask as under way for as long as it is, however that ends.
pub(crate) struct Open(Kind);

impl Open {
    pub(crate) fn new(kind: Kind) -> Self {
        COUNTS.of(kind).open.increment(1);
        Self(kind)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        COUNTS.of(self.0).open.decrement(1);
    }
}
