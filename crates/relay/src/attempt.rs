//! One candidate asked: its answer, verified, or why it brought nothing.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{ChunkHash, WireError};
use crowd_trace::{Seldom, fail};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use crate::counts::{COUNTS, Open};
use crate::spans::{AskSpan, Turn};
use crate::{Ask, ChunkAsk, Kind, Rejected, Responder};

/// However busy a responder's line is, it has this many times the time without progress for one answer.
const PATIENCE: u32 = 6;

/// Why an attempt brought nothing.
#[derive(Debug)]
pub(crate) enum Miss {
    Refused(WireError),
    Lied,
    Silent,
    Closed,
    Busy,
}

/// Somebody to ask, and the release under which it has what is asked.
pub(crate) struct Candidate {
    pub(crate) responder: Arc<Responder>,
    pub(crate) version: u64,
}

/// Asks `candidate` and waits for as long as it makes progress.
pub(crate) async fn attempt(
    candidate: Candidate,
    ask: &ChunkAsk,
    turn: Turn,
    no_progress: Duration,
    distrust_nodes: bool,
) -> (Arc<Responder>, Result<Bytes, Miss>) {
    let Candidate { responder, version } = candidate;
    let chunk = ChunkAsk { version, ..ask.clone() };
    let mut span = AskSpan::new(&responder, &chunk, turn);
    let _open = Open::new(responder.kind());
    let result = async {
        let (reply, mut answer) = oneshot::channel();
        let hash = chunk.hash;
        responder.ask(Ask { chunk, trace: span.place(), reply }).map_err(|why| match why {
            Rejected::Full => Miss::Busy,
            Rejected::Closed => Miss::Closed,
        })?;
        let asked = Instant::now();
        let mut give_up = asked + no_progress;
        loop {
            match timeout_at(give_up, &mut answer).await {
                Ok(Ok(Ok(bytes))) => {
                    let bytes = verified(&responder, hash, bytes, distrust_nodes, &span)?;
                    COUNTS.of(responder.kind()).seconds.record(asked.elapsed());
                    return Ok(bytes);
                }
                Ok(Ok(Err(refused))) => return Err(Miss::Refused(refused)),
                Ok(Err(_)) => return Err(Miss::Closed),
                Err(_) => {
                    let later = (responder.last_progress() + no_progress).min(asked + no_progress * PATIENCE);
                    if later <= Instant::now() {
                        responder.failed();
                        return Err(Miss::Silent);
                    }
                    give_up = later;
                }
            }
        }
    }
    .instrument(span.span())
    .await;
    span.tell(&result);
    (responder, result)
}

/// The one hash check of an answer, by the node whose peer gave it; and by this one too where it will keep what
/// another node gave, since one bad node must not poison others.
fn verified(
    responder: &Responder,
    hash: ChunkHash,
    bytes: Bytes,
    distrust_nodes: bool,
    asking: &AskSpan,
) -> Result<Bytes, Miss> {
    static LIES: Seldom = Seldom::new();
    if responder.kind() == Kind::Node && !distrust_nodes {
        return Ok(bytes);
    }
    let span = asking.verifying(&bytes);
    if span.in_scope(|| ChunkHash::of(&bytes)) == hash {
        return Ok(bytes);
    }
    fail(&span, "wrong_bytes");
    responder.failed();
    if let Some(unsaid) = LIES.pass() {
        tracing::warn!(responder = %responder.id(), %hash, unsaid, "sessioncast.wrong_bytes");
    }
    Err(Miss::Lied)
}

impl Miss {
    /// Every [`Miss::label`].
    pub(crate) const LABELS: [&str; 5] = ["refused", "lied", "silent", "closed", "busy"];

    /// What it is called in metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Lied => "lied",
            Self::Silent => "silent",
            Self::Closed => "closed",
            Self::Busy => "busy",
        }
    }
}
