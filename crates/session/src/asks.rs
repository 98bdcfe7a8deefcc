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
