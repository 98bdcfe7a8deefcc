//! One sessioncast: asks one candidate after the other until verified bytes are here, and a second one early where the
//! first is silent or slower than its own pace.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{ErrorCode, WireError};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

use crate::attempt::{Candidate, Miss, attempt};
use crate::counts::COUNTS;
use crate::finder::Finder;
use crate::spans::Turn;
use crate::{BoxFuture, ChunkAsk, Expectation, Kind, Relay, Responder, Scope};

/// A line that began to answer and then brought nothing for this long stands still.
const STILL: Duration = Duration::from_millis(500);
/// Between two looks at an answer that is slow, while there is no budget to ask somebody else.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Finds and asks until there is an answer.
pub(crate) async fn race(relay: &Arc<Relay>, ask: &ChunkAsk, scope: Scope) -> Result<Bytes, WireError> {
    let no_progress = relay.config.no_progress;
    let mut finder = Some(Finder::new(relay.clone(), ask.clone(), scope));
    let mut search: Option<BoxFuture<'static, Finder>> = None;
    let mut attempts = FuturesUnordered::new();
    let mut watched: Option<Watched> = None;
    let mut tally = Tally::default();
    let (mut wanted, mut paid) = (true, false);
    let mut turn = Turn { attempt: 0, hedge: None };
    relay.hedges.earn();
    loop {
        if wanted && let Some(mut idle) = finder.take() {
            match idle.next_now() {
                Some(candidate) => {
                    (wanted, paid) = (false, false);
                    let expect = candidate.responder.expectation(ask.size);
                    watched = Some(Watched::new(candidate.responder.clone(), expect));
                    turn.attempt += 1;
                    COUNTS.turn(turn);
                    attempts.push(attempt(candidate, ask, turn, no_progress, relay.distrusts_nodes(ask)));
                    finder = Some(idle);
                }
                None if idle.exhausted() => {
                    if paid {
                        relay.hedges.refund();
                    }
                    (wanted, paid) = (false, false);
                    finder = Some(idle);
                }
                None => {
                    search = Some(Box::pin(async move {
                        idle.look().await;
                        idle
                    }));
                }
            }
            continue;
        }
        if attempts.is_empty() && search.is_none() {
            return Err(tally.error());
        }
        let worry_at = watched.as_ref().map(|watched| watched.at);
        tokio::select! {
            biased;
            Some((responder, result)) = attempts.next(), if !attempts.is_empty() => {
                match result {
                    Ok(bytes) if bytes.len() > ask.size as usize => return Err(wrong_length()),
                    Ok(bytes) => return Ok(bytes),
                    Err(miss) => {
                        tracing::debug!(responder = %responder.id(), ?miss, "sessioncast.missed");
                        COUNTS.of(responder.kind()).missed(&miss);
                        tally.count(miss, responder.kind());
                        // Where one that was given up on ends, the newest goes on alone.
                        if watched.as_ref().is_none_or(|newest| Arc::ptr_eq(&newest.responder, &responder)) {
                            (watched, wanted, turn.hedge) = (None, true, None);
                        }
                    }
                }
            }
            found = async { search.as_mut().expect("checked").await }, if search.is_some() => {
                search = None;
                finder = Some(found);
            }
            () = async { sleep_until(worry_at.expect("checked")).await }, if worry_at.is_some() => {
                let newest = watched.as_mut().expect("it worries");
                match newest.judge(no_progress) {
                    Verdict::Working => {}
                    Verdict::Silent => {
                        (watched, wanted, turn.hedge) = (None, true, Some("silent"));
                    }
                    Verdict::Slow if relay.hedges.spend() => {
                        (watched, wanted, paid) = (None, true, true);
                        turn.hedge = Some("slow");
                    }
                    Verdict::Slow => newest.at = Instant::now() + LOOK_AGAIN,
                }
            }
        }
    }
}

/// A chunk of the right hash that is not as long as its manifest says.
pub(crate) fn wrong_length() -> WireError {
    let why = "a chunk is not as long as the manifest says; the publisher has to publish again";
    WireError::new(ErrorCode::BadManifest, why)
}

/// Asks one peer and nobody else: how the manifest of a release that is being published is had.
pub(crate) async fn ask_only(
    responder: Arc<Responder>,
    ask: &ChunkAsk,
    no_progress: Duration,
) -> Result<Bytes, WireError> {
    let candidate = Candidate { responder, version: ask.version };
    let turn = Turn { attempt: 1, hedge: None };
    attempt(candidate, ask, turn, no_progress, true).await.1.map_err(|miss| {
        // Its own answer was over the limit: that is what it has to hear.
        if let Miss::Refused(error) = &miss
            && error.code == ErrorCode::TooLarge
        {
            return error.clone();
        }
        let mut tally = Tally::default();
        tally.count(miss, Kind::Peer);
        tally.error()
    })
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
    fn judge(&mut self, no_progress: Duration) -> Verdict {
        let (now, heard) = (Instant::now(), self.responder.last_progress());
        if heard <= self.asked {
            return Verdict::Silent;
        }
        let whole_by = self.asked + self.expect.whole;
        if now < whole_by {
            self.at = whole_by;
            return Verdict::Working;
        }
        let still = now.saturating_duration_since(heard) >= STILL.max(self.expect.first_byte);
        // Who talks of other things for this long is as good as silent too.
        if still || now >= self.asked + no_progress { Verdict::Silent } else { Verdict::Slow }
    }
}

/// What the misses add up to.
#[derive(Default)]
struct Tally {
    silent: u32,
    busy: u32,
    wrong_length: bool,
}

impl Tally {
    fn count(&mut self, miss: Miss, of: Kind) {
        match miss {
            Miss::Silent => self.silent += 1,
            Miss::Busy => self.busy += 1,
            Miss::Refused(error) => match error.code {
                ErrorCode::Timeout => self.silent += 1,
                ErrorCode::RateLimited => self.busy += 1,
                // Another node has seen it; a peer may say what it likes.
                ErrorCode::BadManifest if of == Kind::Node => self.wrong_length = true,
                _ => {}
            },
            Miss::Lied | Miss::Closed => {}
        }
    }

    fn error(&self) -> WireError {
        if self.wrong_length {
            wrong_length()
        } else if self.silent > 0 {
            WireError::new(ErrorCode::Timeout, "peers were asked and none answered in time")
        } else if self.busy > 0 {
            WireError::rate_limited("everyone who has the chunk is busy; try again", 500)
        } else {
            WireError::new(ErrorCode::NoPeer, "nobody who has that chunk is connected now")
        }
    }
}
