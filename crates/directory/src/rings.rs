//! The present ring and those just before it. While nodes learn of a change at different times, and new owners are
//! being filled, the owners by both are told and asked; so a change of the ring never hides a host.

use std::sync::Arc;
use std::time::Duration;

use crate::{NodeName, Ring};

/// How long after a change the owners by the ring before it are still told and asked. Longer than gossip takes to
/// reach the last of 1,000 nodes and an owner to be filled.
pub const TRANSITION: Duration = Duration::from_secs(15);

/// Changes that follow each other faster are one: the ring before them, remembered from the last of them, stands in
/// for those between. Starting among a hundred nodes is one change, not a hundred.
const SETTLED: Duration = Duration::from_millis(250);

/// Rings remembered at most: each has 3 MB at 1,000 nodes, and adds up to three nodes to ask. Past that those that
/// lasted shortest go.
const MAX_PREVIOUS: usize = 8;

#[derive(Debug)]
pub(crate) struct Rings {
    present: Arc<Ring>,
    since: Duration,
    /// Oldest first.
    previous: Vec<Previous>,
}

#[derive(Debug)]
struct Previous {
    ring: Arc<Ring>,
    since: Duration,
    until: Duration,
}

impl Rings {
    /// A ring of `me` alone, since the origin of time.
    pub(crate) fn new(me: NodeName) -> Self {
        let present = Arc::new(Ring::from_iter([me]));
        Self { present, since: Duration::ZERO, previous: Vec::new() }
    }

    pub(crate) fn present(&self) -> &Arc<Ring> {
        &self.present
    }

    /// Adds a node; false where it was there.
    pub(crate) fn insert(&mut self, node: &NodeName, now: Duration) -> bool {
        let new = !self.present.contains(node);
        if new {
            self.remember(now);
            Arc::make_mut(&mut self.present).insert(node.clone());
        }
        new
    }

    /// Takes a node out; false where it was not there.
    pub(crate) fn remove(&mut self, node: &NodeName, now: Duration) -> bool {
        let there = self.present.contains(node);
        if there {
            self.remember(now);
            Arc::make_mut(&mut self.present).remove(node);
        }
        there
    }

    /// Whom to tell and to ask of the project with this key: the owners by the present ring, then those by previous
    /// ones, the latest first, that are still up. Each once.
    pub(crate) fn reach(&self, key: u64, now: Duration) -> Vec<NodeName> {
        let mut nodes: Vec<NodeName> = self.present.owners_of(key).cloned().collect();
        for previous in self.previous.iter().rev().filter(|previous| now < previous.until) {
            for node in previous.ring.owners_of(key) {
                if !nodes.contains(node) && self.present.contains(node) {
                    nodes.push(node.clone());
                }
            }
        }
        nodes
    }

    pub(crate) fn in_transition(&self, now: Duration) -> bool {
        self.previous.iter().any(|previous| now < previous.until)
    }

    /// Drops the rings whose time is over; true where there was one.
    pub(crate) fn forget(&mut self, now: Duration) -> bool {
        let before = self.previous.len();
        self.previous.retain(|previous| now < previous.until);
        self.previous.len() < before
    }

    /// The present ring is about to change.
    fn remember(&mut self, now: Duration) {
        let until = now + TRANSITION;
        match self.previous.last_mut() {
            Some(last) if now.saturating_sub(self.since) < SETTLED => last.until = until,
            _ => {
                self.previous.push(Previous { ring: Arc::clone(&self.present), since: self.since, until });
                self.since = now;
            }
        }
        if self.previous.len() > MAX_PREVIOUS {
            self.merge_shortest();
        }
    }

    /// Lets the predecessor of the ring that lasted shortest stand in for it. Never the oldest: what was announced
    /// before a burst of changes lies with its owners.
    fn merge_shortest(&mut self) {
        let end = |i: usize| self.previous.get(i + 1).map_or(self.since, |next| next.since);
        let lasted = |i: &usize| end(*i).saturating_sub(self.previous[*i].since);
        if let Some(shortest) = (1..self.previous.len()).min_by_key(lasted) {
            let merged = self.previous.remove(shortest);
            self.previous[shortest - 1].until = merged.until;
        }
    }
}
