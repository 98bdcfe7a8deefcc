//! The actor of one connection: the only one that touches its socket. Reads messages, starts what they ask for, writes
//! answers as they come, passes the relay's asks on within the peer's window.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use crowd_protocol::{
    DecodeError, ErrorCode, MAX_AWAITING, MAX_MALFORMED, NodeMessage, PeerMessage, ProjectName, TraceParent,
    WireError,
};
use crowd_relay::{Ask, BoxFuture, Room};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use hyper::upgrade::Upgraded;
use rand::RngExt;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::tungstenite::{Error, Message};

use self::ending::End;
use crate::RequestOrigin;
use crate::asks::OpenAsks;
use crate::heartbeat::{Beat, Heartbeat};
use crate::hosting::{Change, Changes, Involved};
use crate::peer::Peer;
use crate::request::{Desk, Question, answer, refuse};
use crate::sessions::Inner;
use crate::socket::{Event, Socket};
use crate::uploads::Uploads;

/// How long an answer waits for room on its own connection: a reader that is this slow has asked for too much.
const OWN_ROOM_WAIT: Duration = Duration::from_secs(30);
/// `have`s that wait for a change before them; each may name some 30,000 chunks.
const WAITING_HAVES: usize = 16;
/// An ask that nobody waits for any more gives its place in the window to another after this long.
const GIVEN_UP: Duration = Duration::from_secs(10);
/// What the window is reckoned by before the size of the next ask is known.
const TYPICAL_CHUNK: u32 = 65_536;

mod ending;

pub(crate) struct Actor {
    sessions: Arc<Inner>,
    peer: Arc<Peer>,
    origin: RequestOrigin,
    socket: Socket,
    asks: OpenAsks,
    uploads: Uploads,
    heartbeat: Heartbeat,
    room: Room,
    involved: Involved,
    /// Changes wait for each other, so that they happen in the order in which the peer asked for them.
    waiting: VecDeque<Change>,
    /// What the change that is under way is about.
    changing: Option<ProjectName>,
    /// Bytes that the line had taken at the last beat, where something waited to be written.
    stuck_at: Option<u64>,
    malformed: u32,
    /// The size of the last ask: what the window is reckoned by.
    ask_size: u32,
}

impl Actor {
    pub(crate) async fn new(
        sessions: Arc<Inner>,
        peer: Arc<Peer>,
        origin: RequestOrigin,
        upgraded: Upgraded,
    ) -> Self {
        let socket = Socket::new(upgraded, peer.responder.clone()).await;
        let most = origin.is_page().then_some(sessions.config.page_upload_bytes);
        Self {
            uploads: Uploads::new(peer.clone(), most),
            heartbeat: Heartbeat::new(sessions.config.heartbeat),
            room: Room::new(sessions.config.peer_bytes, OWN_ROOM_WAIT, "connection"),
            sessions,
            peer,
            origin,
            socket,
            asks: OpenAsks::default(),
            involved: Involved::default(),
            waiting: VecDeque::new(),
            changing: None,
            stuck_at: None,
            malformed: 0,
            ask_size: TYPICAL_CHUNK,
        }
    }

    pub(crate) async fn run(mut self) {
        tracing::debug!(peer = %self.peer.id(), "session.opened");
        let end = self.serve().await;
        tracing::debug!(peer = %self.peer.id(), ?end, "session.closed");
        // Apart, so that a session does not keep the space of its end all along.
        Box::pin(self.leave(end)).await;
    }

    async fn serve(&mut self) -> End {
        self.welcome();
        let mut questions = FuturesUnordered::new();
        let mut changing: Option<BoxFuture<'static, Option<NodeMessage>>> = None;
        let mut told_to_go = false;
        let sessions = self.sessions.clone();
        // Made once: a timer or a place in a list of waiters for every message would cost more than the message.
        let mut due = pin!(self.heartbeat.due());
        let mut closing = pin!(sessions.closing.cancelled());
        let mut draining = pin!(sessions.draining.cancelled());
        let mut forgets = pin!(sleep(GIVEN_UP));
        let mut forgetting = false;
        loop {
            if changing.is_none()
                && let Some(change) = self.waiting.pop_front()
            {
                changing = Some(self.start(change));
            }
            let awaiting = questions.len() + usize::from(changing.is_some());
            let can_read = !self.socket.outbox.is_long();
            let can_ask =
                !self.socket.outbox.is_long() && self.asks.len() < self.peer.responder.window(self.ask_size);
            if !can_ask && !forgetting {
                forgets.as_mut().reset(Instant::now() + GIVEN_UP);
                forgetting = true;
            }
            tokio::select! {
                biased;
                () = closing.as_mut() => return End::Closing,
                () = draining.as_mut(), if !told_to_go => {
                    told_to_go = true;
                    self.goaway();
                }
                Some((message, held)) = questions.next(), if !questions.is_empty() => {
                    self.socket.outbox.answer(message, held);
                }
                message = async { changing.as_mut().expect("checked").await }, if changing.is_some() => {
                    changing = None;
                    self.changed(message);
                }
                event = poll_fn(|cx| self.socket.poll_event(cx, can_read)) => {
                    let message = match event {
                        Some(Ok(Event::Message(message))) => message,
                        Some(Ok(Event::Written)) => continue,
                        Some(Err(Error::Capacity(_))) => return End::TooLarge,
                        Some(Err(error)) => return End::Broken(error),
                        None => return End::Left,
                    };
                    match self.take(message, awaiting) {
                        Ok(None) => {}
                        Ok(Some(question)) => {
                            questions.push(answer(self.desk(), question));
                        }
                        Err(end) => return end,
                    }
                }
                Some(ask) = self.peer.responder.asks().pop(), if can_ask => {
                    self.ask(ask);
                }
                () = forgets.as_mut(), if forgetting => {
                    forgetting = false;
                    self.asks.forget(GIVEN_UP, &self.peer.responder);
                }
                Some(updated) = self.peer.notices.pop(), if can_read => {
                    let (project, version) = (updated.project, updated.version);
                    self.socket.outbox.tell(NodeMessage::Updated { project, version });
                }
                () = due.as_mut() => {
                    match self.heartbeat.beat(self.peer.responder.last_heard()) {
                        Beat::Dead => return End::Silent,
                        Beat::Ping if self.is_stuck() => return End::Stuck,
                        Beat::Ping => self.beat(),
                    }
                    due.set(self.heartbeat.due());
                }
            }
        }
    }

    fn desk(&self) -> Desk {
        Desk {
            relay: self.sessions.relay.clone(),
            room: self.room.clone(),
            node: self.sessions.config.node.clone(),
            peer: self.peer.id().clone(),
        }
    }

    fn welcome(&mut self) {
        let config = &self.sessions.config;
        let welcome = NodeMessage::Welcome {
            peer: self.peer.id().to_string(),
            node: config.node.to_string(),
            cluster: config.cluster.to_string(),
            nodes: config.nodes.borrow().to_vec(),
            heartbeat_s: config.heartbeat.as_secs().max(1),
        };
        self.socket.outbox.tell(welcome);
    }

    fn goaway(&mut self) {
        let config = &self.sessions.config;
        let spread = config.goaway_spread.as_millis() as u64;
        let goaway = NodeMessage::Goaway {
            reason: "draining".to_owned(),
            nodes: config.nodes.borrow().to_vec(),
            reconnect_in_ms: rand::rng().random_range(0..=spread),
        };
        self.socket.outbox.tell(goaway);
    }

    /// True where the line took not a byte of what waits since the last beat: what waits takes room from others.
    fn is_stuck(&mut self) -> bool {
        let before = std::mem::replace(&mut self.stuck_at, self.socket.stuck_at());
        self.stuck_at.is_some() && before == self.stuck_at
    }

    /// Passes an ask of the relay on to the peer.
    fn ask(&mut self, ask: Ask) {
        self.ask_size = ask.chunk.size;
        // What came to wait before the cap was reached goes to another peer; but nobody else has what this one is about
        // to publish.
        if self.peer.is_spent() && !ask.chunk.manifest {
            self.peer.responder.skipped(&ask);
            let _ = ask.reply.send(Err(WireError::new(ErrorCode::NotHere, "it has uploaded enough today")));
        } else if let Some(request) = self.asks.open(ask, &self.peer.responder) {
            self.socket.outbox.tell(request);
        }
    }

    fn beat(&mut self) {
        self.socket.outbox.control(Message::Ping(bytes::Bytes::new()));
        self.uploads.look();
        self.asks.expire(self.sessions.config.ask_expiry, &self.peer.responder);
        let now = Instant::now();
        for project in self.involved.iter() {
            self.sessions.table.expire(&self.peer, project, now);
        }
    }

    /// Takes one WebSocket message; gives back a question that has to be worked on.
    fn take(&mut self, message: Message, awaiting: usize) -> Result<Option<Question>, End> {
        let decoded = match &message {
            Message::Text(text) => PeerMessage::decode_text(text.as_bytes()),
            Message::Binary(payload) => PeerMessage::decode_binary(payload),
            Message::Close(_) => return Err(End::Left),
            _ => {
                self.peer.responder.said(false);
                return Ok(None);
            }
        };
        let answers = match &decoded {
            Ok(message) => matches!(message, PeerMessage::Response(_) | PeerMessage::Error(_)),
            Err(error) => error.answers,
        };
        self.peer.responder.said(answers);
        match decoded {
            Ok(message) => {
                self.malformed = 0;
                Ok(self.message(message, awaiting))
            }
            Err(DecodeError { id, error, malformed, answers }) => {
                tracing::debug!(peer = %self.peer.id(), %error, "session.bad_message");
                // Whoever waits for this answer need not wait for another.
                if let (true, Some(id)) = (answers, id) {
                    self.asks.refused(id, error.clone(), &self.peer.responder);
                }
                self.socket.outbox.tell(refuse(id, &error));
                self.malformed += u32::from(malformed);
                if self.malformed >= MAX_MALFORMED { Err(End::Malformed) } else { Ok(None) }
            }
        }
    }

    fn message(&mut self, message: PeerMessage, awaiting: usize) -> Option<Question> {
        let changes = self.waiting.iter().filter(|change| change.is_awaited()).count();
        if awaiting + changes + self.socket.outbox.answers() >= MAX_AWAITING
            && let Some(id) = awaits_answer(&message)
        {
            let why = WireError::rate_limited("256 messages are awaiting their answers", 1_000);
            self.socket.outbox.tell(refuse(Some(id), &why));
            return None;
        }
        match message {
            PeerMessage::Request { id, project, want, version, traceparent } => {
                let trace = traceparent.as_deref().and_then(TraceParent::parse);
                return Some(Question::Request { id, project, want, version, trace });
            }
            PeerMessage::Resolve { id, project } => return Some(Question::Resolve { id, project }),
            PeerMessage::Response(answer) => {
                self.uploads.add(answer.body.len());
                self.asks.answered(answer.id, answer.body, &self.peer.responder);
            }
            PeerMessage::Error(error) => {
                if let Some(id) = error.id {
                    self.asks.refused(id, error.into(), &self.peer.responder);
                }
            }
            PeerMessage::Ping { id } => self.socket.outbox.answer(NodeMessage::Ok { id }, None),
            PeerMessage::Watch { id, project } => {
                let answer = self.watch(project).map(|()| NodeMessage::Ok { id });
                let answer = answer.unwrap_or_else(|error| refuse(Some(id), &error));
                self.socket.outbox.answer(answer, None);
            }
            PeerMessage::Publish { id, release, have, token: _ } => {
                // This cluster wants no token; one that is sent anyway is no reason to fail.
                let project = have.is_some().then(|| release.project.clone());
                self.change(Change::Publish { id, release, have }, Some(id), project);
            }
            PeerMessage::Host { id, project, version, have } => {
                let involved = Some(project.clone());
                self.change(Change::Host { id, project, version, have }, Some(id), involved);
            }
            PeerMessage::Have { project, version, chunks } => {
                self.change(Change::Have { project, version, chunks }, None, None);
            }
            PeerMessage::Unhost { id, project } => {
                self.change(Change::Unhost { id, project }, Some(id), None);
            }
        }
        None
    }

    fn change(&mut self, change: Change, id: Option<u64>, involves: Option<ProjectName>) {
        let max = self.sessions.config.max_projects;
        if let Some(project) = involves
            && let Err(error) = self.involved.check(&project, max)
        {
            self.socket.outbox.answer(refuse(id, &error), None);
            return;
        }
        // What is answered was counted before; `have` is counted here.
        let haves = |waiting: &VecDeque<Change>| waiting.iter().filter(|change| !change.is_awaited()).count();
        if change.is_awaited() || haves(&self.waiting) < WAITING_HAVES {
            self.waiting.push_back(change);
            return;
        }
        // Told, so that the peer can say it again.
        let why = WireError::rate_limited("too many changes are waiting", 1_000);
        self.socket.outbox.tell(refuse(id, &why));
    }

    /// Begins a change. The peer is involved from now on: it may leave in the middle of it.
    fn start(&mut self, change: Change) -> BoxFuture<'static, Option<NodeMessage>> {
        let project = change.project().clone();
        self.involved.add(project.clone());
        self.changing = Some(project);
        let changes = Changes {
            relay: self.sessions.relay.clone(),
            table: self.sessions.table.clone(),
            peer: self.peer.clone(),
            origin: self.origin.clone(),
        };
        Box::pin(changes.apply(change))
    }

    fn changed(&mut self, message: Option<NodeMessage>) {
        if let Some(project) = self.changing.take()
            && !self.sessions.table.involves(&self.peer, &project)
        {
            self.involved.remove(&project);
        }
        if let Some(message) = message {
            self.socket.outbox.answer(message, None);
        }
    }

    fn watch(&mut self, project: ProjectName) -> Result<(), WireError> {
        self.sessions.relay.allowed(&project)?;
        self.involved.check(&project, self.sessions.config.max_projects)?;
        let known = self.sessions.relay.catalog().known_version(&project);
        self.sessions.table.watch(&self.peer, &project, known);
        self.involved.add(project);
        Ok(())
    }
}

/// The id of a message that wants an answer.
fn awaits_answer(message: &PeerMessage) -> Option<u64> {
    match message {
        PeerMessage::Publish { id, .. }
        | PeerMessage::Resolve { id, .. }
        | PeerMessage::Host { id, .. }
        | PeerMessage::Unhost { id, .. }
        | PeerMessage::Request { id, .. }
        | PeerMessage::Watch { id, .. }
        | PeerMessage::Ping { id } => Some(*id),
        PeerMessage::Have { .. } | PeerMessage::Response(_) | PeerMessage::Error(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An idle session is its task, what it points to and the read buffer: ten thousand of them fit into 100 MB.
    #[test]
    fn an_idle_session_costs_little() {
        fn future<F: Future>(_: impl FnOnce(Actor) -> F) -> usize {
            size_of::<F>()
        }
        fn question<F: Future>(_: impl FnOnce(Desk, Question) -> F) -> usize {
            size_of::<F>()
        }
        let sizes = (size_of::<Actor>(), size_of::<Peer>(), future(Actor::run), question(answer));
        println!("actor {}, peer {}, future {}, question {}", sizes.0, sizes.1, sizes.2, sizes.3);
        assert!(sizes.2 + sizes.1 < 6 * 1024, "{sizes:?}");
        assert!(sizes.3 < 4 * 1024, "{sizes:?}");
    }
}
