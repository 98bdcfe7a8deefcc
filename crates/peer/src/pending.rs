//! Messages on their way out, and those that await their answers. A message outlives the connection that it was sent
//! on: it goes out again on the next one, since every request of the protocol may be repeated.

use std::collections::{HashMap, VecDeque};

use crowd_protocol::PeerMessage;
use tokio::sync::oneshot;

use crate::command::Answered;
use crate::link::LinkId;

/// Who is told the answer.
pub(crate) enum Waiter {
    /// A handle, until it gives up.
    Handle(oneshot::Sender<Answered>),
    /// The actor itself: it makes such messages anew for each connection.
    Actor,
}

/// A message without an answer yet.
pub(crate) struct Waiting {
    pub(crate) message: PeerMessage,
    pub(crate) waiter: Waiter,
    sent_on: Option<LinkId>,
}

enum Unsent {
    Asking(u64),
    /// A message that has no answer.
    Telling(Box<PeerMessage>),
}

#[derive(Default)]
pub(crate) struct Pending {
    waiting: HashMap<u64, Waiting>,
    unsent: VecDeque<Unsent>,
}

impl Pending {
    pub(crate) fn ask(&mut self, id: u64, message: PeerMessage, waiter: Waiter) {
        self.waiting.insert(id, Waiting { message, waiter, sent_on: None });
        self.unsent.push_back(Unsent::Asking(id));
    }

    pub(crate) fn tell(&mut self, message: PeerMessage) {
        self.unsent.push_back(Unsent::Telling(Box::new(message)));
    }

    pub(crate) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Hands the next message to `send`, for it to go out on `link`.
    pub(crate) fn send_next(&mut self, link: LinkId, send: impl FnOnce(&PeerMessage)) {
        while let Some(unsent) = self.unsent.pop_front() {
            match unsent {
                Unsent::Telling(message) => return send(&message),
                Unsent::Asking(id) => {
                    if let Some(waiting) = self.waiting.get_mut(&id) {
                        waiting.sent_on = Some(link);
                        return send(&waiting.message);
                    }
                }
            }
        }
    }

    /// Takes what `id`, answered on `link`, is the answer to.
    pub(crate) fn answered(&mut self, link: LinkId, id: u64) -> Option<Waiting> {
        if self.waiting.get(&id)?.sent_on != Some(link) {
            return None;
        }
        self.waiting.remove(&id)
    }

    /// `link` will answer no more: what was sent on it goes out again.
    pub(crate) fn lost(&mut self, link: LinkId) {
        let Self { waiting, unsent } = self;
        waiting.retain(|id, waiting| {
            if waiting.sent_on != Some(link) {
                return true;
            }
            waiting.sent_on = None;
            let again = matches!(waiting.waiter, Waiter::Handle(_));
            if again {
                unsent.push_back(Unsent::Asking(*id));
            }
            again
        });
    }

    /// Nobody is there to be told: a new connection is told all of it anyway.
    pub(crate) fn untell(&mut self) {
        self.unsent.retain(|unsent| matches!(unsent, Unsent::Asking(_)));
    }

    /// True where something sent on `link` is not answered yet.
    pub(crate) fn awaits(&self, link: LinkId) -> bool {
        self.waiting.values().any(|waiting| waiting.sent_on == Some(link))
    }

    /// Takes the messages whose handles have given up.
    pub(crate) fn abandoned(&mut self) -> Vec<Waiting> {
        let given_up = |_: &u64, waiting: &mut Waiting| match &waiting.waiter {
            Waiter::Handle(reply) => reply.is_closed(),
            Waiter::Actor => false,
        };
        self.waiting.extract_if(given_up).map(|(_, waiting)| waiting).collect()
    }
}
