//! Whom to ask next: local peers first, then nodes, then what the directory says when asked afresh. Finding that out
//! has a bounded time, so that `no_peer` is known at once.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::attempt::Candidate;
use crate::listing::{Listing, Numbers, read_manifests};
use crate::{BoxFuture, ChunkAsk, Relay, Responder, Scope};

/// Time that a lookup has even where all of it is used up: without one `no_peer` could be wrong.
const LOOKUP_AT_LEAST: Duration = Duration::from_millis(100);

/// What one sessioncast knows of its candidates.
pub(crate) struct Finder {
    relay: Arc<Relay>,
    ask: ChunkAsk,
    listing: Listing,
    /// Hosted releases whose manifests are not in memory.
    unread: Vec<u64>,
    /// Those that are being read.
    reading: Option<BoxFuture<'static, Numbers>>,
    asked: Vec<Arc<str>>,
    nodes: VecDeque<Arc<Responder>>,
    looked: Looked,
    /// Time that is left for finding.
    left: Duration,
    asked_local: u32,
    asked_nodes: u32,
}

#[derive(PartialEq)]
enum Looked {
    NotYet,
    /// In memory, or at the first owner that named somebody: either may be old.
    Once,
    Afresh,
}

impl Finder {
    pub(crate) fn new(relay: Arc<Relay>, ask: ChunkAsk, scope: Scope) -> Self {
        let (listing, unread) = Listing::of(&relay, &ask);
        // The asking node waits for a forwarded one, and has to be done in time itself.
        let (looked, left) = match scope {
            Scope::Local => (Looked::Afresh, relay.config.lookup / 2),
            Scope::Cluster => (Looked::NotYet, relay.config.lookup),
        };
        Self {
            relay,
            ask,
            listing,
            unread,
            reading: None,
            asked: Vec::new(),
            nodes: VecDeque::new(),
            looked,
            left,
            asked_local: 0,
            asked_nodes: 0,
        }
    }

    /// The next candidate, where finding it takes no waiting.
    pub(crate) fn next_now(&mut self) -> Option<Candidate> {
        // Where peers here are silent, ask another node before the rest of them.
        let nodes_first = self.asked_local >= 2 && self.asked_nodes < self.asked_local;
        let found = match self.pick() {
            Some(local) if nodes_first || local.responder.is_mute(self.ask.size) => match self.next_node() {
                Some(node) => node,
                None if self.looked == Looked::NotYet => return None,
                None => self.local(local),
            },
            Some(local) => self.local(local),
            None => self.next_node()?,
        };
        self.asked.push(found.responder.id().clone());
        Some(found)
    }

    fn pick(&self) -> Option<Candidate> {
        let Self { relay, ask, listing, asked, .. } = self;
        let has = |version, have: &_| listing.has(version, have);
        let (responder, version) = relay.peers.pick(&ask.project, ask.size, &has, asked)?;
        Some(Candidate { responder, version })
    }

    fn local(&mut self, found: Candidate) -> Candidate {
        self.asked_local += 1;
        found
    }

    fn next_node(&mut self) -> Option<Candidate> {
        if self.looked == Looked::NotYet
            && let Some(known) = self.relay.nodes.known_holders(&self.ask.project)
        {
            self.looked = Looked::Once;
            self.nodes = known.into();
        }
        while let Some(responder) = self.nodes.pop_front() {
            if !self.asked.contains(responder.id()) {
                self.asked_nodes += 1;
                return Some(Candidate { responder, version: self.ask.version });
            }
        }
        None
    }

    /// True where looking further brings nobody.
    pub(crate) fn exhausted(&self) -> bool {
        self.unread.is_empty() && self.reading.is_none() && self.looked == Looked::Afresh
    }

    /// Learns what may bring a further candidate: manifests of hosted releases, then who hosts elsewhere, then what
    /// is still to come of the manifests.
    pub(crate) async fn look(&mut self) {
        let began = Instant::now();
        if !self.unread.is_empty() {
            let unread = std::mem::take(&mut self.unread);
            self.reading = Some(read_manifests(self.relay.clone(), self.ask.clone(), unread));
            // A peer here that is slow to show its manifest must not keep a node from being asked.
            let first = if self.looked == Looked::Afresh { self.left } else { self.left / 2 };
            self.read(first).await;
        } else if self.looked != Looked::Afresh {
            self.look_elsewhere().await;
        } else {
            self.read(self.left).await;
            self.reading = None;
        }
        self.left = self.left.saturating_sub(began.elapsed());
    }

    async fn read(&mut self, limit: Duration) {
        let Some(reading) = &mut self.reading else { return };
        if let Ok(read) = timeout(limit, reading).await {
            self.listing.add(read);
            self.reading = None;
        }
    }

    async fn look_elsewhere(&mut self) {
        let fresh = self.looked == Looked::Once;
        let holders = self.relay.nodes.holders(&self.ask.project, fresh);
        let nodes = timeout(self.left.max(LOOKUP_AT_LEAST), holders).await.unwrap_or_default();
        // Where nobody was named all owners were asked.
        self.looked = if fresh || nodes.is_empty() { Looked::Afresh } else { Looked::Once };
        self.nodes = nodes.into();
    }
}
