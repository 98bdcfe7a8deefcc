//! A peer that does exactly what a test tells it: no retries, no reconnects, no manners.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{
    Answer, ChunkHash, ErrorCode, ErrorMessage, FileInfo, Frame, Have, NodeMessage, PeerMessage, ProjectName,
    RequestPath, Want, WireError,
};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame as RawFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::{Asked, Reaction, Script, TestSite};

/// How long a node may take to answer anything.
const PATIENCE: Duration = Duration::from_secs(20);
/// Messages that a test has not looked at yet.
const UNREAD: usize = 4_096;

/// A connected peer. Dropping it closes its socket.
pub struct ScriptedPeer {
    /// The node's first message.
    pub welcome: NodeMessage,
    commands: mpsc::Sender<Command>,
    /// What the node said beside answers to [`ScriptedPeer::ask`] and requests.
    pub events: mpsc::Receiver<Event>,
    next: u64,
}

/// What the node did.
#[derive(Debug)]
pub enum Event {
    /// A message that nobody here waits for.
    Message(NodeMessage),
    /// It asked for a chunk, and the script reacted.
    Asked(Asked),
    /// It closed the connection.
    Closed(Option<CloseFrame>),
}

enum Command {
    Send(Message, Option<(u64, oneshot::Sender<Timed>)>),
    Close,
}

type Socket = WebSocketStream<TcpStream>;
/// An answer, and when it came.
type Timed = (std::time::Instant, NodeMessage);
/// An answer that is still to come; none where the connection ends first.
pub type Pending = std::pin::Pin<Box<dyn Future<Output = Option<NodeMessage>> + Send>>;

impl ScriptedPeer {
    /// Connects to a node's public port.
    pub async fn connect(address: SocketAddr, script: impl Script) -> Self {
        Self::try_connect(address, None, script).await.expect("the node takes the connection")
    }

    /// Connects as a page of `origin` would.
    pub async fn try_connect(
        address: SocketAddr,
        origin: Option<&str>,
        script: impl Script,
    ) -> Result<Self, tungstenite::Error> {
        let mut request = format!("ws://{address}/.crowd/ws").into_client_request()?;
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", "crowd.v1".parse().expect("a valid header"));
        if let Some(origin) = origin {
            headers.insert("origin", origin.parse().expect("a valid header"));
        }
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        let (mut socket, _) = tokio_tungstenite::client_async(request, socket).await?;
        let first = timeout(PATIENCE, socket.next()).await.expect("a welcome comes").expect("not closed")?;
        let welcome = decode(&first).expect("the first message is of the protocol");
        assert!(matches!(welcome, NodeMessage::Welcome { .. }), "the first message is {welcome:?}");
        let (commands, orders) = mpsc::channel(UNREAD);
        let (told, events) = mpsc::channel(UNREAD);
        tokio::spawn(run(socket, orders, told, script));
        Ok(Self { welcome, commands, events, next: 1_000 })
    }

    /// Sends a message that `make` makes with a fresh id, and gives back the answer.
    pub async fn ask(&mut self, make: impl FnOnce(u64) -> PeerMessage) -> Result<NodeMessage, WireError> {
        let answer = self.start(make).await;
        let answer = timeout(PATIENCE, answer).await.expect("the node answers in time");
        match answer.expect("the connection stays open") {
            NodeMessage::Error(error) => Err(error.into()),
            answer => Ok(answer),
        }
    }

    /// Sends a message and does not wait for the answer.
    pub async fn start(&mut self, make: impl FnOnce(u64) -> PeerMessage) -> Pending {
        Box::pin(self.start_timed(make).await.map(|timed| timed.ok().map(|(_, answer)| answer)))
    }

    /// Like [`ScriptedPeer::start`]; the answer says when it came.
    pub async fn start_timed(&mut self, make: impl FnOnce(u64) -> PeerMessage) -> oneshot::Receiver<Timed> {
        self.next += 1;
        let (answer, answered) = oneshot::channel();
        let message = encode(&make(self.next));
        self.command(Command::Send(message, Some((self.next, answer)))).await;
        answered
    }

    /// Sends a message that nothing answers.
    pub async fn tell(&self, message: &PeerMessage) {
        self.raw(encode(message)).await;
    }

    /// Sends any WebSocket message, of the protocol or not.
    pub async fn raw(&self, message: Message) {
        self.command(Command::Send(message, None)).await;
    }

    /// Closes the connection.
    pub async fn close(self) {
        self.command(Command::Close).await;
    }

    /// The next thing that the node says or asks.
    pub async fn event(&mut self) -> Event {
        timeout(PATIENCE, self.events.recv()).await.expect("something happens").expect("the peer runs")
    }

    /// The next message that nobody asked for, asks left out.
    pub async fn message(&mut self) -> NodeMessage {
        loop {
            match self.event().await {
                Event::Message(message) => return message,
                Event::Asked(_) => {}
                Event::Closed(frame) => panic!("the node closed the connection: {frame:?}"),
            }
        }
    }

    /// The code of the next `error` that nobody asked for.
    pub async fn error(&mut self) -> ErrorMessage {
        match self.message().await {
            NodeMessage::Error(error) => error,
            other => panic!("not an error: {other:?}"),
        }
    }

    /// Publishes the site's release and hosts all of it.
    pub async fn publish(&mut self, site: &TestSite) -> Result<(), WireError> {
        let (release, have) = (site.release.clone(), Some(Have::All));
        self.ask(|id| PeerMessage::Publish { id, release, token: None, have }).await.map(|_| ())
    }

    /// Hosts `have` of the site.
    pub async fn host(&mut self, site: &TestSite, have: Have) -> Result<(), WireError> {
        let (project, version) = (site.project().clone(), site.release.version);
        self.ask(|id| PeerMessage::Host { id, project, version, have }).await.map(|_| ())
    }

    /// The newest release's version, and how many host it.
    pub async fn resolve(&mut self, project: &ProjectName) -> Result<(u64, u64), WireError> {
        let project = project.clone();
        match self.ask(|id| PeerMessage::Resolve { id, project }).await? {
            NodeMessage::Release { release, peers, .. } => Ok((release.version, peers)),
            other => panic!("not a release: {other:?}"),
        }
    }

    /// One chunk by its hash, checked.
    pub async fn by_hash(&mut self, project: &ProjectName, hash: ChunkHash) -> Result<Bytes, WireError> {
        Ok(self.request(project, Want::Hash(hash), None).await?.body)
    }

    /// One chunk of a file, checked, and what the node says of the file.
    pub async fn by_path(
        &mut self,
        project: &ProjectName,
        path: &str,
        chunk: u32,
    ) -> Result<(FileInfo, Bytes), WireError> {
        let path = RequestPath::parse(path).expect("a valid path");
        let answer = self.request(project, Want::Path { path, chunk }, None).await?;
        Ok((answer.file.expect("an answer by path says what file it is"), answer.body))
    }

    /// A request; the body of its answer has the hash that the answer names.
    pub async fn request(
        &mut self,
        project: &ProjectName,
        want: Want,
        version: Option<u64>,
    ) -> Result<Answer, WireError> {
        let project = project.clone();
        let request =
            |id| PeerMessage::Request { id, project, want: want.clone(), version, traceparent: None };
        match self.ask(request).await? {
            NodeMessage::Response(answer) => {
                assert_eq!(ChunkHash::of(&answer.body), answer.sha256, "a node passed on wrong bytes");
                if let Want::Hash(hash) = want {
                    assert_eq!(answer.sha256, hash, "a node answered another chunk");
                }
                Ok(answer)
            }
            other => panic!("not a response: {other:?}"),
        }
    }

    async fn command(&self, command: Command) {
        // A peer whose connection is over takes nothing more; the test sees it by its events.
        let _ = self.commands.send(command).await;
    }
}

async fn run(
    mut socket: Socket,
    mut orders: mpsc::Receiver<Command>,
    told: mpsc::Sender<Event>,
    mut script: impl Script,
) {
    let mut waiting: HashMap<u64, oneshot::Sender<Timed>> = HashMap::new();
    let (later, mut due) = mpsc::channel::<Message>(UNREAD);
    loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Command::Send(message, answer)) => {
                    if let Some((id, answer)) = answer {
                        waiting.insert(id, answer);
                    }
                    if socket.send(message).await.is_err() {
                        break;
                    }
                }
                Some(Command::Close) => {
                    let _ = socket.close(None).await;
                    break;
                }
                None => break,
            },
            Some(message) = due.recv() => {
                let _ = socket.send(message).await;
            }
            message = socket.next() => match message {
                Some(Ok(Message::Close(frame))) => {
                    let _ = told.try_send(Event::Closed(frame));
                    break;
                }
                Some(Ok(message)) => match decode(&message) {
                    Some(NodeMessage::Request { id, project, version, sha256, traceparent }) => {
                        let asked = Asked { project, version, hash: sha256, traceparent };
                        let reaction = script.react(&asked);
                        let _ = told.try_send(Event::Asked(asked));
                        if !react(&mut socket, id, sha256, reaction, &later).await {
                            break;
                        }
                    }
                    Some(message) => match id_of(&message).and_then(|id| waiting.remove(&id)) {
                        Some(answer) => drop(answer.send((std::time::Instant::now(), message))),
                        None => drop(told.try_send(Event::Message(message))),
                    },
                    None => {}
                },
                _ => {
                    let _ = told.try_send(Event::Closed(None));
                    break;
                }
            },
        }
    }
}

/// False where the peer is gone after it.
async fn react(
    socket: &mut Socket,
    id: u64,
    sha256: ChunkHash,
    reaction: Reaction,
    later: &mpsc::Sender<Message>,
) -> bool {
    let answer = |body: Bytes| {
        encode(&PeerMessage::Response(Answer { id, sha256, file: None, traceparent: None, body }))
    };
    match reaction {
        Reaction::Answer(body) => socket.send(answer(body)).await.is_ok(),
        Reaction::Later(wait, body) => {
            let (later, message) = (later.clone(), answer(body));
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                let _ = later.send(message).await;
            });
            true
        }
        Reaction::NotHere => {
            let error = ErrorMessage::new(Some(id), &WireError::new(ErrorCode::NotHere, "not here"));
            socket.send(encode(&PeerMessage::Error(error))).await.is_ok()
        }
        Reaction::Mute => true,
        Reaction::LeaveMidAnswer(body) => {
            let whole = answer(body).into_data();
            let half = whole.slice(..whole.len() / 2);
            let frame = RawFrame::message(half, OpCode::Data(Data::Binary), false);
            let _ = socket.send(Message::Frame(frame)).await;
            false
        }
    }
}

fn encode(message: &PeerMessage) -> Message {
    match message.encode() {
        Frame::Text(text) => Message::Text(text.into()),
        binary @ Frame::Binary { .. } => Message::Binary(binary.to_payload()),
    }
}

fn decode(message: &Message) -> Option<NodeMessage> {
    match message {
        Message::Text(text) => {
            Some(NodeMessage::decode_text(text.as_bytes()).expect("a node speaks the protocol"))
        }
        Message::Binary(payload) => {
            Some(NodeMessage::decode_binary(payload).expect("a node speaks the protocol"))
        }
        _ => None,
    }
}

fn id_of(message: &NodeMessage) -> Option<u64> {
    match message {
        NodeMessage::Ok { id } | NodeMessage::Release { id, .. } => Some(*id),
        NodeMessage::Response(answer) => Some(answer.id),
        NodeMessage::Error(error) => error.id,
        _ => None,
    }
}
