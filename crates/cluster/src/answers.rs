//! The asks that are open on a link, and their answers as far as the slices have come.

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use crowd_protocol::{ErrorCode, WireError};
use crowd_relay::{Ask, OpenAsk, Responder};
use crowd_rpc::v1::link_reply::Kind;
use crowd_rpc::{MAX_SLICE, v1, wire_error_of};
use tokio::sync::oneshot;

use crate::counts::COUNTS;

/// Reports to the responder how each ask went. Those that are open when it is dropped fail.
pub(crate) struct Answers<'r> {
    responder: &'r Responder,
    asks: HashMap<u64, Pending>,
    next: u64,
}

struct Pending {
    reply: oneshot::Sender<Result<Bytes, WireError>>,
    open: OpenAsk,
    /// Bytes that the answer may have: what room was reserved for.
    size: u32,
    /// What has come of an answer of several slices.
    parts: BytesMut,
}

impl<'r> Answers<'r> {
    pub(crate) fn new(responder: &'r Responder) -> Self {
        Self { responder, asks: HashMap::new(), next: 0 }
    }

    /// How many asks are open.
    pub(crate) fn open(&self) -> usize {
        self.asks.len()
    }

    /// An ask is sent now; gives it its number.
    pub(crate) fn expect(&mut self, ask: Ask) -> u64 {
        let (open, size) = (self.responder.sent(&ask), ask.chunk.size);
        self.next += 1;
        self.asks.insert(self.next, Pending { reply: ask.reply, open, size, parts: BytesMut::new() });
        self.next
    }

    /// A reply came. What belongs to no open ask is ignored: it was cancelled.
    pub(crate) fn take(&mut self, reply: v1::LinkReply) {
        self.responder.heard();
        match reply.kind {
            Some(Kind::Slice(slice)) => self.take_slice(slice),
            Some(Kind::Failure(failure)) => {
                if let Some(pending) = self.asks.remove(&failure.id) {
                    self.end(pending, wire_error_of(failure));
                }
            }
            Some(Kind::Progress(_)) | None => {}
        }
    }

    fn take_slice(&mut self, slice: v1::Slice) {
        COUNTS.received.increment(slice.bytes.len() as u64);
        let v1::Slice { id, offset, total, bytes } = slice;
        let Some(pending) = self.asks.get_mut(&id) else { return };
        let (offset, whole) = (offset as usize, total as usize);
        let fits = total <= pending.size
            && bytes.len() <= MAX_SLICE
            && offset == pending.parts.len()
            && offset + bytes.len() <= whole
            && (!bytes.is_empty() || whole == 0);
        if !fits {
            tracing::warn!(node = %self.responder.id(), offset, total, size = pending.size, "link.bad_slice");
            if let Some(pending) = self.asks.remove(&id) {
                self.responder.failed();
                self.end(
                    pending,
                    WireError::new(ErrorCode::Internal, "a node answered out of order or too much"),
                );
            }
            return;
        }
        // The one slice of a small answer is passed on as it came.
        let answer = if bytes.len() == whole {
            bytes
        } else {
            if offset == 0 {
                pending.parts.reserve(whole);
            }
            pending.parts.extend_from_slice(&bytes);
            if pending.parts.len() < whole {
                return;
            }
            pending.parts.split().freeze()
        };
        if let Some(pending) = self.asks.remove(&id) {
            self.responder.answered(pending.open, answer.len());
            // Nobody waiting any more is fine.
            let _ = pending.reply.send(Ok(answer));
        }
    }

    /// Forgets the asks that nobody waits for any more and that `cancel` could cancel.
    pub(crate) fn sweep(&mut self, mut cancel: impl FnMut(u64) -> bool) {
        let left = self.asks.extract_if(|id, pending| pending.reply.is_closed() && cancel(*id));
        for (_, pending) in left {
            self.responder.closed(pending.open);
        }
    }

    fn end(&self, pending: Pending, error: WireError) {
        self.responder.closed(pending.open);
        // Nobody waiting any more is fine.
        let _ = pending.reply.send(Err(error));
    }
}

impl Drop for Answers<'_> {
    fn drop(&mut self) {
        for (_, pending) in std::mem::take(&mut self.asks) {
            self.end(pending, WireError::new(ErrorCode::NoPeer, "the link to that node broke"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crowd_protocol::ChunkHash;
    use crowd_relay::{ChunkAsk, Kind as ResponderKind};

    type Reply = oneshot::Receiver<Result<Bytes, WireError>>;

    fn ask(size: u32) -> (Ask, Reply) {
        let (reply, answer) = oneshot::channel();
        let (project, hash) = ("site".parse().unwrap(), ChunkHash::of(b"x"));
        let chunk = ChunkAsk { project, version: 1, hash, size, manifest: false, exact: false };
        (Ask { chunk, trace: None, reply }, answer)
    }

    fn slice(id: u64, offset: u32, total: u32, bytes: &[u8]) -> v1::LinkReply {
        let bytes = Bytes::copy_from_slice(bytes);
        v1::LinkReply { kind: Some(Kind::Slice(v1::Slice { id, offset, total, bytes })) }
    }

    #[test]
    fn slices_of_several_answers_come_together() {
        let responder = Responder::new("node", ResponderKind::Node);
        let mut answers = Answers::new(&responder);
        let ((a, mut to_a), (b, mut to_b)) = (ask(10), ask(10));
        let (a, b) = (answers.expect(a), answers.expect(b));
        answers.take(slice(a, 0, 4, b"ab"));
        answers.take(slice(b, 0, 3, b"xyz"));
        answers.take(slice(a, 2, 4, b"cd"));
        answers.take(slice(a, 0, 1, b"late"));
        assert_eq!(to_a.try_recv().unwrap().unwrap(), "abcd");
        assert_eq!(to_b.try_recv().unwrap().unwrap(), "xyz");
        assert_eq!((answers.open(), responder.open()), (0, 0));
    }

    #[test]
    fn what_was_not_asked_for_is_not_taken() {
        let responder = Responder::new("node", ResponderKind::Node);
        for (offset, total, bytes) in [
            (0, 11, &b"more than asked"[..11]),
            (1, 4, b"gap"),
            (0, 2, b"longer than it says"),
            (0, 4, b""),
            (0, 10, &[0; MAX_SLICE + 1]),
        ] {
            let mut answers = Answers::new(&responder);
            let (ask, mut answer) = ask(10);
            let id = answers.expect(ask);
            answers.take(slice(id, offset, total, bytes));
            assert!(answer.try_recv().unwrap().is_err(), "{offset} {total}");
            assert_eq!((answers.open(), responder.open()), (0, 0));
        }
    }

    #[test]
    fn asks_end_by_failure_by_cancelling_or_with_the_link() {
        let responder = Responder::new("node", ResponderKind::Node);
        let mut answers = Answers::new(&responder);
        let ((failing, mut failed), (left, leaver), (cut, mut broken)) = (ask(1), ask(1), ask(1));
        let (failing, left, _) = (answers.expect(failing), answers.expect(left), answers.expect(cut));
        let error = WireError::new(ErrorCode::NoPeer, "nobody");
        let failure = Kind::Failure(crowd_rpc::failure_of(failing, &error));
        answers.take(v1::LinkReply { kind: Some(failure) });
        assert_eq!(failed.try_recv().unwrap(), Err(error));
        drop(leaver);
        answers.sweep(|id| {
            assert_eq!(id, left);
            true
        });
        assert_eq!(answers.open(), 1);
        drop(answers);
        assert!(broken.try_recv().unwrap().is_err());
        assert_eq!(responder.open(), 0);
    }
}
