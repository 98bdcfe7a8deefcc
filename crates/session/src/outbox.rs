//! What waits to be written to one peer. Bounded by what feeds it: answers that were reserved room for, asks within the
//! window, updates of watched projects; and the actor stops reading a peer whose outbox is long.

use std::collections::VecDeque;

use crowd_protocol::{Frame, NodeMessage};
use crowd_relay::{Chunk, RoomPermit};
use tokio_tungstenite::tungstenite::Message;
use tracing::Span;

use crate::counts::COUNTS;

/// With this many messages waiting, nothing more is read from the peer until some are written.
const LONG: usize = 1_024;

/// Messages in order, each with what it holds until it is written.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<Out>,
    answers: usize,
}

#[derive(Debug)]
struct Out {
    what: What,
    is_answer: bool,
    held: Option<Held>,
}

/// A message is put into its frame, which copies a chunk, only when the socket takes it.
#[derive(Debug)]
enum What {
    Message(NodeMessage),
    Control(Message),
}

/// The room that an answer takes, in the node and on this connection.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) _chunk: Chunk,
    pub(crate) _room: RoomPermit,
    /// Of its being written, where that is recorded.
    pub(crate) _answering: Span,
}

impl Outbox {
    /// Something that answers no message of the peer.
    pub(crate) fn tell(&mut self, message: NodeMessage) {
        self.push(What::Message(message), false, None);
    }

    /// An answer: it counts as awaited until it is written.
    pub(crate) fn answer(&mut self, message: NodeMessage, held: Option<Held>) {
        self.answers += 1;
        self.push(What::Message(message), true, held);
    }

    /// A WebSocket ping or close.
    pub(crate) fn control(&mut self, message: Message) {
        self.push(What::Control(message), false, None);
    }

    /// Answers that are not written yet.
    pub(crate) fn answers(&self) -> usize {
        self.answers
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn is_long(&self) -> bool {
        self.waiting.len() >= LONG
    }

    /// The next message, and what it holds until it has left.
    pub(crate) fn pop(&mut self) -> Option<(Message, Option<Held>)> {
        let out = self.waiting.pop_front()?;
        self.answers -= usize::from(out.is_answer);
        if self.waiting.is_empty() && self.waiting.capacity() > 8 {
            self.waiting = VecDeque::new();
        }
        let message = match out.what {
            What::Message(message) => encode(message.encode()),
            What::Control(message) => message,
        };
        Some((message, out.held))
    }

    fn push(&mut self, what: What, is_answer: bool, held: Option<Held>) {
        self.waiting.push_back(Out { what, is_answer, held });
        if self.waiting.len() == LONG {
            COUNTS.outbox_full.increment(1);
        }
    }
}

fn encode(frame: Frame) -> Message {
    match frame {
        Frame::Text(text) => Message::Text(text.into()),
        binary @ Frame::Binary { .. } => Message::Binary(binary.to_payload()),
    }
}
