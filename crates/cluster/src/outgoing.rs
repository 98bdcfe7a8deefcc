//! The answers that are on their way out of a link, a slice of each in turn, so that a large chunk does not hold up
//! small ones.

use std::collections::VecDeque;

use crowd_protocol::WireError;
use crowd_relay::Chunk;
use crowd_rpc::v1::link_reply::Kind;
use crowd_rpc::{failure_of, slice_of, v1};

use crate::counts::COUNTS;

#[derive(Default)]
pub(crate) struct Outgoing(VecDeque<Answer>);

enum Answer {
    /// The chunk is held, and with it its room, until its last slice is handed over.
    Chunk {
        id: u64,
        chunk: Chunk,
        offset: usize,
    },
    Failure(v1::Failure),
}

impl Outgoing {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// How the ask `id` ended.
    pub(crate) fn push(&mut self, id: u64, result: Result<Chunk, WireError>) {
        self.0.push_back(match result {
            Ok(chunk) => Answer::Chunk { id, chunk, offset: 0 },
            Err(error) => Answer::Failure(failure_of(id, &error)),
        });
    }

    /// Drops what is left of the answer to `id`.
    pub(crate) fn cancel(&mut self, id: u64) {
        self.0.retain(|answer| !matches!(answer, Answer::Chunk { id: other, .. } if *other == id));
    }

    /// The next message.
    pub(crate) fn next(&mut self) -> Option<v1::LinkReply> {
        let kind = match self.0.pop_front()? {
            Answer::Failure(failure) => Kind::Failure(failure),
            Answer::Chunk { id, chunk, offset } => {
                let (slice, rest) = slice_of(id, &chunk.bytes, offset);
                COUNTS.sent.increment(slice.bytes.len() as u64);
                if let Some(offset) = rest {
                    self.0.push_back(Answer::Chunk { id, chunk, offset });
                }
                Kind::Slice(slice)
            }
        };
        Some(v1::LinkReply { kind: Some(kind) })
    }
}
