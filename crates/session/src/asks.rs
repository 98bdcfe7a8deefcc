//! The asks that are open towards one peer: sent, and not answered yet.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{ErrorCode, NodeMessage, WireError};
use crowd_relay::{Ask, OpenAsk, Responder};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Open asks by the id that the peer has to echo.
#[derive(Debug, Default)]
pub(crate) struct OpenAsks {
    next: u64,
    open: HashMap<u64, Pending>,
}

#[derive(Debug)]
struct Pending {
    ask: OpenAsk,
    reply: oneshot::Sender<Result<Bytes, WireError>>,
}

impl OpenAsks {
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// Opens an ask; none where nobody waits for its answer any more.
    pub(crate) fn open(&mut self, ask: Ask, responder: &Responder) -> Option<NodeMessage> {
        if ask.reply.is_closed() {
            responder.skipped(&ask);
            return None;
        }
        let id = self.next;
        self.next += 1;
        let pending = Pending { ask: responder.sent(&ask), reply: ask.reply };
        self.open.insert(id, pending);
        Some(NodeMessage::Request {
            id,
            project: ask.chunk.project,
            version: ask.chunk.version,
            sha256: ask.chunk.hash,
            traceparent: ask.trace.map(|trace| trace.to_string()),
        })
    }

    /// The peer answered with a body. What answers nothing that is open came too late and is ignored.
    pub(crate) fn answered(&mut self, id: u64, body: Bytes, responder: &Responder) {
        if let Some(pending) = self.take(id) {
            responder.answered(pending.ask, body.len());
            // Whoever asked may have had the chunk from somebody else by now.
            let _ = pending.reply.send(Ok(body));
        }
    }

    /// The peer answered with an error.
    pub(crate) fn refused(&mut self, id: u64, error: WireError, responder: &Responder) {
        if let Some(pending) = self.take(id) {
            responder.closed(pending.ask);
            let _ = pending.reply.send(Err(error));
        }
    }

    /// Gives up asks that were sent more than `expiry` ago.
    pub(crate) fn expire(&mut self, expiry: Duration, responder: &Responder) {
        let now = Instant::now();
        let late = |pending: &Pending| now.saturating_duration_since(pending.ask.sent()) >= expiry;
        let expired: Vec<u64> =
            self.open.iter().filter(|(_, pending)| late(pending)).map(|(id, _)| *id).collect();
        for id in expired {
            responder.failed();
            self.refused(id, WireError::new(ErrorCode::Timeout, "the peer did not answer"), responder);
        }
    }

    /// Gives up asks that were sent more than `age` ago and that nobody waits for any more.
    pub(crate) fn forget(&mut self, age: Duration, responder: &Responder) {
        let now = Instant::now();
        let lost = |pending: &Pending| {
            pending.reply.is_closed() && now.saturating_duration_since(pending.ask.sent()) >= age
        };
        for (_, pending) in self.open.extract_if(|_, pending| lost(pending)) {
            responder.failed();
            responder.closed(pending.ask);
        }
    }

    /// The connection is over: whoever waits moves on at once.
    pub(crate) fn close(&mut self, responder: &Responder) {
        for (_, pending) in self.open.drain() {
            responder.closed(pending.ask);
        }
    }

    fn take(&mut self, id: u64) -> Option<Pending> {
        let pending = self.open.remove(&id)?;
        if self.open.is_empty() && self.open.capacity() > 4 {
            self.open = HashMap::new();
        }
        Some(pending)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crowd_protocol::ChunkHash;
    use crowd_relay::{ChunkAsk, Kind};

    type Answer = oneshot::Receiver<Result<Bytes, WireError>>;

    #[tokio::test(start_paused = true)]
    async fn what_is_asked_is_counted_back_however_it_ends() {
        let (responder, mut asks) = (Responder::new("peer", Kind::Peer), OpenAsks::default());
        let idle = responder.score(1_000);
        let mut answers: Vec<Answer> = (0..5).map(|_| ask(&responder)).collect();
        for _ in 0..5 {
            let ask = responder.asks().pop().await.unwrap();
            assert!(asks.open(ask, &responder).is_some());
        }
        assert_eq!((asks.len(), responder.open()), (5, 5));
        asks.answered(0, Bytes::from_static(b"bytes"), &responder);
        asks.refused(1, WireError::new(ErrorCode::NotHere, "no"), &responder);
        // Late, unknown and repeated answers are ignored.
        asks.answered(0, Bytes::new(), &responder);
        asks.answered(77, Bytes::new(), &responder);
        drop(answers.pop());
        tokio::time::advance(Duration::from_secs(60)).await;
        asks.expire(Duration::from_secs(60), &responder);
        assert_eq!((asks.len(), responder.open()), (0, 0));
        let ends: Vec<_> = answers.iter_mut().map(|answer| answer.try_recv().unwrap().is_ok()).collect();
        assert_eq!(ends, [true, false, false, false]);
        // Nothing is owed any more: what remains is three faults less one answer, and a better pace.
        assert!(responder.score(1_000) < idle + 24.0);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_not_sent() {
        let (responder, mut asks) = (Responder::new("peer", Kind::Peer), OpenAsks::default());
        let idle = responder.score(1_000);
        drop(ask(&responder));
        let waiting = responder.asks().pop().await.unwrap();
        assert!(asks.open(waiting, &responder).is_none());
        assert_eq!((asks.len(), responder.open()), (0, 0));
        assert!((responder.score(1_000) - idle).abs() < 1e-9);
    }

    #[tokio::test]
    async fn who_waits_moves_on_at_once_when_the_connection_ends() {
        let (responder, mut asks) = (Responder::new("peer", Kind::Peer), OpenAsks::default());
        let mut answer = ask(&responder);
        let open = responder.asks().pop().await.unwrap();
        assert!(asks.open(open, &responder).is_some());
        asks.close(&responder);
        assert_eq!(answer.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(responder.open(), 0);
    }

    fn ask(responder: &Responder) -> Answer {
        let (reply, answer) = oneshot::channel();
        let (project, hash) = (crowd_protocol::ProjectName::parse("p").unwrap(), ChunkHash::of(b"x"));
        let chunk = ChunkAsk { project, version: 1, hash, size: 1_000, manifest: false, exact: false };
        responder.ask(Ask { chunk, trace: None, reply }).unwrap();
        answer
    }
}
