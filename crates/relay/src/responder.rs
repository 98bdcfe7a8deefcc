//! The handle of somebody who can be asked for chunks: a local peer, or another node for its peers.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crowd_protocol::Server;
use tokio::time::Instant;

use crate::counts::COUNTS;
use crate::pace::Pace;
use crate::{Ask, Expectation, Mailbox, Rejected};

/// Asks that may wait for one responder, beyond those that it is working on.
const WAITING: usize = 256;

/// A node that works on something is heard of every 250 ms, whatever its peers do: only one that is silent for longer
/// is not there. What its peers do is for itself to worry about.
const NODE_IS_HEARD: Duration = Duration::from_millis(600);

/// Whether an answer still has to be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A stranger: every answer is hashed before it goes anywhere.
    Peer,
    /// A node of this cluster, which hashed it already.
    Node,
}

impl Kind {
    /// What it is called in spans.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Peer => "peer",
            Self::Node => "node",
        }
    }
}

/// Somebody who can be asked. Its actor pops the asks and reports how they went.
#[derive(Debug)]
pub struct Responder {
    id: Arc<str>,
    kind: Kind,
    /// Where a node listens; none for a peer, which called this node.
    server: Option<Server>,
    asks: Mailbox<Ask>,
    born: Instant,
    /// Milliseconds since `born` at which the last byte was heard from it.
    heard: AtomicU64,
    /// The same, of bytes that may belong to an answer; and what it was when the last answer was whole.
    progress: AtomicU64,
    settled: AtomicU64,
    /// Bytes of answers asked for and not yet come.
    owed: AtomicU64,
    open: AtomicU32,
    /// Milliseconds since `born` at which the first of the asks that are open was sent, about.
    busy_since: AtomicU64,
    /// Answers that were wrong, or never came, lately.
    faults: AtomicU32,
    measured: Mutex<Measured>,
}

#[derive(Debug)]
struct Measured {
    pace: Pace,
    last_answer: Instant,
}

/// An ask that was sent: what it takes to measure its answer. Used up by [`Responder::answered`] or
/// [`Responder::closed`], so that it is counted back once.
#[derive(Debug)]
pub struct OpenAsk {
    sent: Instant,
    owed: u32,
    alone: bool,
}

impl OpenAsk {
    /// When it was sent.
    pub fn sent(&self) -> Instant {
        self.sent
    }
}

impl Responder {
    /// A responder of which nothing is known yet.
    pub fn new(id: impl Into<Arc<str>>, kind: Kind) -> Self {
        let now = Instant::now();
        Self {
            id: id.into(),
            kind,
            server: None,
            asks: Mailbox::new(WAITING),
            born: now,
            heard: AtomicU64::new(0),
            progress: AtomicU64::new(0),
            settled: AtomicU64::new(0),
            owed: AtomicU64::new(0),
            open: AtomicU32::new(0),
            busy_since: AtomicU64::new(0),
            faults: AtomicU32::new(0),
            measured: Mutex::new(Measured { pace: Pace::default(), last_answer: now }),
        }
    }

    /// The same, which listens at `address`, `HOST:PORT`.
    #[must_use]
    pub fn at(mut self, address: &str) -> Self {
        self.server = Server::parse(address).ok();
        self
    }

    pub(crate) fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    /// What the node calls it: a peer id, or a node's name.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// A peer or a node.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Hands over an ask; full and closed are outcomes.
    pub fn ask(&self, ask: Ask) -> Result<(), Rejected> {
        let owed = u64::from(ask.chunk.size);
        self.owed.fetch_add(owed, Ordering::Relaxed);
        self.asks.push(ask).map_err(|(why, _)| {
            self.owed.fetch_sub(owed, Ordering::Relaxed);
            why
        })
    }

    /// The mailbox, for the actor that works it off. What it pops it reports by [`Responder::sent`] or
    /// [`Responder::skipped`].
    pub fn asks(&self) -> &Mailbox<Ask> {
        &self.asks
    }

    /// The actor sent an ask to the peer or node.
    pub fn sent(&self, ask: &Ask) -> OpenAsk {
        let before = self.open.fetch_add(1, Ordering::Relaxed);
        if before == 0 {
            self.busy_since.store(self.age(), Ordering::Relaxed);
        }
        OpenAsk { sent: Instant::now(), owed: ask.chunk.size, alone: before == 0 }
    }

    /// The actor dropped an ask that nobody waits for any more.
    pub fn skipped(&self, ask: &Ask) {
        self.owed.fetch_sub(u64::from(ask.chunk.size), Ordering::Relaxed);
    }

    /// An answer of `bytes` came.
    pub fn answered(&self, open: OpenAsk, bytes: usize) {
        let OpenAsk { sent, alone, .. } = open;
        self.closed(open);
        let now = Instant::now();
        let mut measured = self.lock();
        let free_at = sent.max(measured.last_answer);
        measured.last_answer = now;
        let (elapsed, service) = (now - sent, now.saturating_duration_since(free_at));
        let (elapsed, service) = (elapsed.as_secs_f64(), service.as_secs_f64());
        measured.pace.answered(bytes as f64, elapsed, service, alone);
        drop(measured);
        let before =
            self.faults.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |faults| faults.checked_sub(1));
        if before == Ok(1) {
            COUNTS.of(self.kind).faulty.decrement(1);
        }
    }

    /// An ask ended without an answer: refused, expired, or its connection closed.
    pub fn closed(&self, open: OpenAsk) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        self.owed.fetch_sub(u64::from(open.owed), Ordering::Relaxed);
    }

    /// An answer was wrong or never came.
    pub fn failed(&self) {
        let before = self.faults.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |faults| {
            Some(faults.saturating_add(4).min(64))
        });
        if before == Ok(0) {
            COUNTS.of(self.kind).faulty.increment(1);
        }
    }

    /// Bytes came, of whatever message. Until the message is whole they count as progress of an answer.
    pub fn heard(&self) {
        let age = self.age();
        self.heard.store(age, Ordering::Relaxed);
        self.progress.store(age, Ordering::Relaxed);
    }

    /// A whole message came, an answer or something else: who only chats makes no progress.
    pub fn said(&self, answer: bool) {
        match answer {
            true => self.settled.store(self.progress.load(Ordering::Relaxed), Ordering::Relaxed),
            false => self.progress.store(self.settled.load(Ordering::Relaxed), Ordering::Relaxed),
        }
    }

    /// When the last byte came of what may be, or was, an answer.
    pub fn last_progress(&self) -> Instant {
        self.born + Duration::from_millis(self.progress.load(Ordering::Relaxed))
    }

    /// When the last byte came.
    pub fn last_heard(&self) -> Instant {
        self.born + Duration::from_millis(self.heard.load(Ordering::Relaxed))
    }

    /// When to worry about an ask of `size` bytes that is made now.
    pub fn expectation(&self, size: u32) -> Expectation {
        let ahead = self.owed.load(Ordering::Relaxed) as f64;
        let expect = self.lock().pace.expectation(f64::from(size), ahead);
        match self.kind {
            Kind::Peer => expect,
            Kind::Node => expect.at_least(NODE_IS_HEARD),
        }
    }

    /// Seconds until an answer of `size` bytes would be here: what two candidates are compared by. Who failed
    /// lately, or owes answers and has been silent, comes last: mute is not idle.
    pub fn score(&self, size: u32) -> f64 {
        let ahead = self.owed.load(Ordering::Relaxed) as f64;
        let score = self.lock().pace.expected(f64::from(size), ahead);
        let silence = self.silence(size).map_or(0.0, |quiet| 10.0 + quiet.as_secs_f64());
        score + silence + f64::from(self.faults.load(Ordering::Relaxed)) * 2.0
    }

    /// True where it owes answers and has been silent for longer than its first byte takes.
    pub fn is_mute(&self, size: u32) -> bool {
        self.silence(size).is_some()
    }

    fn silence(&self, size: u32) -> Option<Duration> {
        if self.open.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let ahead = self.owed.load(Ordering::Relaxed) as f64;
        let measured = self.lock();
        let first_byte = measured.pace.expectation(f64::from(size), ahead).first_byte;
        let last_answer = measured.last_answer;
        drop(measured);
        // Who was asked just now after an idle hour is not silent.
        let busy_since = self.born + Duration::from_millis(self.busy_since.load(Ordering::Relaxed));
        let quiet = self.last_progress().max(last_answer).max(busy_since).elapsed();
        (quiet > first_byte).then_some(quiet)
    }

    /// How many asks of about `size` bytes its actor should keep open.
    pub fn window(&self, size: u32) -> usize {
        self.lock().pace.window(f64::from(size))
    }

    /// How many asks it is working on.
    pub fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed) as usize
    }

    fn age(&self) -> u64 {
        self.born.elapsed().as_millis() as u64
    }

    fn lock(&self) -> MutexGuard<'_, Measured> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        if *self.faults.get_mut() > 0 {
            COUNTS.of(self.kind).faulty.decrement(1);
        }
    }
}
