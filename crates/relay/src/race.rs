//! One sessioncast: asks one candidate after the other until verified bytes are here, and a second one early where the
//! first is silent or slower than its own pace.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{ChunkHash, ErrorCode, WireError};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::Instrument;

use crate::listing::Listing;
use crate::{Ask, BoxFuture, ChunkAsk, Expectation, Kind, Rejected, Relay, Responder, Scope, current_trace};

/// However busy a responder's line is, it has this many times the time without progress for one answer.
const PATIENCE: u32 = 6;

/// Why an attempt brought nothing.
#[derive(Debug)]
enum Miss {
    Refused(WireError),
    Lied,
    Silent,
    Closed,
    Busy,
}

/// Finds and asks until there is an answer.
pub(crate) async fn race(relay: &Arc<Relay>, ask: &ChunkAsk, scope: Scope) -> Result<Bytes, WireError> {
    let mut finder = Some(Finder::new(relay.clone(), ask.clone(), scope));
    let mut search: Option<BoxFuture<'static, (Finder, Option<Candidate>)>> = None;
    let mut attempts = FuturesUnordered::new();
    let mut watched: Option<Watched> = None;
    let mut tally = Tally::default();
    let mut wanted = true;
    relay.hedges.earn();
    loop {
        if wanted && let Some(mut idle) = finder.take() {
            match idle.next_now() {
                Some(candidate) => {
                    wanted = false;
                    let expect = candidate.responder.expectation(ask.size);
                    watched = Some(Watched::new(candidate.responder.clone(), expect));
                    attempts.push(attempt(
                        candidate,
                        ask,
                        relay.config.no_progress,
                        relay.distrusts_nodes(ask),
                    ));
                    finder = Some(idle);
                }
                None if idle.exhausted() => {
                    wanted = false;
                    finder = Some(idle);
                }
                None => {
                    search = Some(Box::pin(async move {
                        idle.look().await;
                        (idle, None)
                    }));
                }
            }
        }
        if attempts.is_empty() && search.is_none() && !wanted {
            return Err(tally.error());
        }
        let worry_at = watched.as_ref().map(|watched| watched.at);
        tokio::select! {
            biased;
            Some((responder, result)) = attempts.next(), if !attempts.is_empty() => {
                match result {
                    Ok(bytes) => return Ok(bytes),
                    Err(miss) => {
                        tracing::debug!(responder = %responder.id(), ?miss, "sessioncast.missed");
                        metrics::counter!("crowd_failovers_total", "why" => miss.label()).increment(1);
                        tally.count(miss);
                        if watched.as_ref().is_some_and(|watched| Arc::ptr_eq(&watched.responder, &responder)) {
                            watched = None;
                        }
                        wanted = true;
                    }
                }
            }
            (found, _) = async { search.as_mut().expect("checked").await }, if search.is_some() => {
                search = None;
                finder = Some(found);
            }
            () = async { sleep_until(worry_at.expect("checked")).await }, if worry_at.is_some() && search.is_none() => {
                let slow = watched.as_mut().expect("it worries");
                match slow.judge() {
                    Verdict::Working => {}
                    Verdict::Silent => {
                        metrics::counter!("crowd_hedges_total", "why" => "silent").increment(1);
                        (watched, wanted) = (None, true);
                    }
                    Verdict::Slow if relay.hedges.spend() => {
                        metrics::counter!("crowd_hedges_total", "why" => "slow").increment(1);
                        (watched, wanted) = (None, true);
                    }
                    Verdict::Slow => watched = None,
                }
            }
        }
    }
}

/// The newest attempt, and when to worry about it.
struct Watched {
    responder: Arc<Responder>,
    asked: Instant,
    expect: Expectation,
    at: Instant,
}

enum Verdict {
    Working,
    Silent,
    Slow,
}

impl Watched {
    fn new(responder: Arc<Responder>, expect: Expectation) -> Self {
        let asked = Instant::now();
        Self { responder, asked, expect, at: asked + expect.first_byte }
    }

    /// Bytes that came since the ask show that the line is busy with it, or with what was asked before: an ask of
    /// somebody else would double what this home uploads. So it has the time that its size takes.
    fn judge(&mut self) -> Verdict {
        let whole_by = self.asked + self.expect.whole;
        if self.responder.last_heard() <= self.asked {
            return Verdict::Silent;
        }
        if self.at < whole_by {
            self.at = whole_by;
            return Verdict::Working;
        }
        Verdict::Slow
    }
}

struct Candidate {
    responder: Arc<Responder>,
    version: u64,
}

/// Says whom to ask next: local peers first, then nodes, then what the directory says when asked afresh.
struct Finder {
    relay: Arc<Relay>,
    ask: ChunkAsk,
    scope: Scope,
    listing: Listing,
    /// Hosted releases whose manifests are not in memory.
    unread: Vec<u64>,
    asked: Vec<Arc<str>>,
    nodes: VecDeque<Arc<Responder>>,
    looked: Looked,
    asked_local: u32,
    asked_nodes: u32,
}

#[derive(PartialEq)]
enum Looked {
    NotYet,
    InMemory,
    Afresh,
}

impl Finder {
    fn new(relay: Arc<Relay>, ask: ChunkAsk, scope: Scope) -> Self {
        let (listing, unread) = relay.listing(&ask);
        let looked = if scope == Scope::Local { Looked::Afresh } else { Looked::NotYet };
        Self {
            relay,
            ask,
            scope,
            listing,
            unread,
            asked: Vec::new(),
            nodes: VecDeque::new(),
            looked,
            asked_local: 0,
            asked_nodes: 0,
        }
    }

    /// The next candidate, where finding it takes no waiting.
    fn next_now(&mut self) -> Option<Candidate> {
        if self.looked == Looked::NotYet
            && let Some(known) = self.relay.nodes.known_holders(&self.ask.project)
        {
            self.looked = Looked::InMemory;
            self.nodes = known.into();
        }
        // Where several peers here were silent, ask another node before the rest of them.
        let nodes_first = self.asked_local >= 2 && self.asked_nodes < self.asked_local;
        let found = match nodes_first {
            true => self.next_node().or_else(|| self.next_local()),
            false => self.next_local().or_else(|| self.next_node()),
        }?;
        self.asked.push(found.responder.id().clone());
        Some(found)
    }

    fn next_local(&mut self) -> Option<Candidate> {
        let Self { relay, ask, listing, asked, .. } = self;
        let has = |version, have: &_| listing.has(version, have);
        let (responder, version) = relay.peers.pick(&ask.project, ask.size, &has, asked)?;
        self.asked_local += 1;
        Some(Candidate { responder, version })
    }

    fn next_node(&mut self) -> Option<Candidate> {
        while let Some(responder) = self.nodes.pop_front() {
            if !self.asked.contains(responder.id()) {
                self.asked_nodes += 1;
                return Some(Candidate { responder, version: self.ask.version });
            }
        }
        None
    }

    fn exhausted(&self) -> bool {
        self.unread.is_empty() && self.looked == Looked::Afresh
    }

    /// Learns what may bring a further candidate: manifests of hosted releases, then who hosts elsewhere.
    async fn look(&mut self) {
        let unread = std::mem::take(&mut self.unread);
        if !unread.is_empty() {
            self.relay.read_manifests(&self.ask, &unread, &mut self.listing).await;
            return;
        }
        if self.scope == Scope::Local {
            return;
        }
        let fresh = self.looked == Looked::InMemory;
        self.nodes = self.relay.nodes.holders(&self.ask.project, fresh).await.into();
        self.looked = Looked::Afresh;
    }
}

async fn attempt(
    candidate: Candidate,
    ask: &ChunkAsk,
    no_progress: Duration,
    distrust_nodes: bool,
) -> (Arc<Responder>, Result<Bytes, Miss>) {
    let Candidate { responder, version } = candidate;
    let span = tracing::info_span!(
        "sessioncast.ask",
        responder = %responder.id(),
        kind = match responder.kind() { Kind::Peer => "peer", Kind::Node => "node" },
        manifest = ask.manifest,
    );
    let chunk = ChunkAsk { version, ..ask.clone() };
    let result = async {
        let (reply, mut answer) = oneshot::channel();
        let hash = chunk.hash;
        responder.ask(Ask { chunk, trace: current_trace(), reply }).map_err(|why| match why {
            Rejected::Full => Miss::Busy,
            Rejected::Closed => Miss::Closed,
        })?;
        let asked = Instant::now();
        let mut give_up = asked + no_progress;
        loop {
            match timeout_at(give_up, &mut answer).await {
                Ok(Ok(Ok(bytes))) => return verified(&responder, hash, bytes, distrust_nodes),
                Ok(Ok(Err(refused))) => return Err(Miss::Refused(refused)),
                Ok(Err(_)) => return Err(Miss::Closed),
                Err(_) => {
                    let later = (responder.last_heard() + no_progress).min(asked + no_progress * PATIENCE);
                    if later <= Instant::now() {
                        responder.failed();
                        return Err(Miss::Silent);
                    }
                    give_up = later;
                }
            }
        }
    }
    .instrument(span)
    .await;
    (responder, result)
}

/// The one hash check of an answer, by the node whose peer gave it; and by this one too where it will keep what
/// another node gave, since one bad node must not poison others.
fn verified(
    responder: &Responder,
    hash: ChunkHash,
    bytes: Bytes,
    distrust_nodes: bool,
) -> Result<Bytes, Miss> {
    let check = responder.kind() == Kind::Peer || distrust_nodes;
    if check && ChunkHash::of(&bytes) != hash {
        responder.failed();
        tracing::warn!(responder = %responder.id(), %hash, "sessioncast.wrong_bytes");
        return Err(Miss::Lied);
    }
    Ok(bytes)
}

/// Asks one peer and nobody else: how the manifest of a release that is being published is had.
pub(crate) async fn ask_only(
    responder: Arc<Responder>,
    ask: &ChunkAsk,
    no_progress: Duration,
) -> Result<Bytes, WireError> {
    let candidate = Candidate { responder, version: ask.version };
    attempt(candidate, ask, no_progress, true).await.1.map_err(|miss| {
        let mut tally = Tally::default();
        tally.count(miss);
        tally.error()
    })
}

impl Miss {
    fn label(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Lied => "lied",
            Self::Silent => "silent",
            Self::Closed => "closed",
            Self::Busy => "busy",
        }
    }
}

/// What the misses add up to.
#[derive(Default)]
struct Tally {
    silent: u32,
    busy: u32,
}

impl Tally {
    fn count(&mut self, miss: Miss) {
        match miss {
            Miss::Silent => self.silent += 1,
            Miss::Busy => self.busy += 1,
            Miss::Refused(error) => match error.code {
                ErrorCode::Timeout => self.silent += 1,
                ErrorCode::RateLimited => self.busy += 1,
                _ => {}
            },
            Miss::Lied | Miss::Closed => {}
        }
    }

    fn error(&self) -> WireError {
        if self.silent > 0 {
            WireError::new(ErrorCode::Timeout, "peers were asked and none answered in time")
        } else if self.busy > 0 {
            WireError::rate_limited("everyone who has the chunk is busy; try again", 500)
        } else {
            WireError::new(ErrorCode::NoPeer, "nobody who has that chunk is connected now")
        }
    }
}
