//! One connection, driven by a task of its own: it decodes what comes and writes what the actor gives it.
//! It knows nothing of what the messages mean.

use std::time::Duration;

use crowd_protocol::{Frame, NodeMessage, PeerMessage};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::Connection;
use crate::dial::{Dialed, Socket};
use crate::keep_alive::KeepAlive;

/// Messages on their way to the socket. Few, since each may be a whole chunk, and since a request that waits behind
/// many answers on a home uplink is a slow request.
const OUTBOX: usize = 8;
/// Messages between all links and the actor; when it is full, the socket is not read.
pub(crate) const INBOX: usize = 32;
/// A socket that won't take a close within this is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

pub(crate) type LinkId = u64;

/// What a link tells the actor.
pub(crate) enum LinkEvent {
    /// A ping or pong: the node is alive.
    Heard,
    Message(NodeMessage),
    /// It is over; nothing follows.
    Ended(String),
}

/// The actor's end of a connection. Dropping it closes the connection.
pub(crate) struct Link {
    pub(crate) id: LinkId,
    pub(crate) connection: Connection,
    pub(crate) outbox: mpsc::Sender<Message>,
    pub(crate) keep_alive: KeepAlive,
    pub(crate) since: Instant,
    task: JoinHandle<()>,
    cancel: DropGuard,
}

impl Link {
    pub(crate) fn spawn(id: LinkId, dialed: Dialed, inbox: mpsc::Sender<(LinkId, LinkEvent)>) -> Self {
        let Dialed { socket, connection } = dialed;
        let (outbox, outgoing) = mpsc::channel(OUTBOX);
        let cancel = CancellationToken::new();
        let task = tokio::spawn(run(id, socket, outgoing, inbox, cancel.clone()));
        let now = Instant::now();
        let keep_alive = KeepAlive::new(connection.heartbeat_s, now);
        Self { id, connection, outbox, keep_alive, since: now, task, cancel: cancel.drop_guard() }
    }

    /// Closes the connection and waits until the node has been told.
    pub(crate) async fn close(self) {
        drop(self.cancel);
        self.task.await.ok();
    }
}

/// The message that carries `message`.
pub(crate) fn encode(message: &PeerMessage) -> Message {
    match message.encode() {
        Frame::Text(text) => Message::text(text),
        frame @ Frame::Binary { .. } => Message::binary(frame.to_payload()),
    }
}

async fn run(
    id: LinkId,
    socket: Socket,
    outgoing: mpsc::Receiver<Message>,
    inbox: mpsc::Sender<(LinkId, LinkEvent)>,
    cancel: CancellationToken,
) {
    let (mut sink, stream) = socket.split();
    let why = tokio::select! {
        biased;
        () = cancel.cancelled() => None,
        why = read(id, stream, &inbox) => Some(why),
        why = write(&mut sink, outgoing) => Some(why),
    };
    tokio::time::timeout(CLOSE_TIMEOUT, sink.close()).await.ok();
    if let Some(why) = why {
        inbox.send((id, LinkEvent::Ended(why))).await.ok();
    }
}

async fn read(
    id: LinkId,
    mut stream: SplitStream<Socket>,
    inbox: &mpsc::Sender<(LinkId, LinkEvent)>,
) -> String {
    while let Some(message) = stream.next().await {
        let decoded = match message {
            Ok(Message::Text(text)) => NodeMessage::decode_text(text.as_bytes()),
            Ok(Message::Binary(payload)) => NodeMessage::decode_binary(&payload),
            Ok(Message::Close(frame)) => {
                let why = frame.map(|frame| format!("{} {}", u16::from(frame.code), frame.reason));
                return format!("the node closed the connection {}", why.unwrap_or_default());
            }
            Ok(_) => {
                if inbox.send((id, LinkEvent::Heard)).await.is_err() {
                    break;
                }
                continue;
            }
            Err(error) => return error.to_string(),
        };
        let event = match decoded {
            Ok(message) => LinkEvent::Message(message),
            Err(error) => {
                // A later version's message, perhaps: receivers ignore what they don't know.
                tracing::debug!(%error, "message.undecodable");
                LinkEvent::Heard
            }
        };
        if inbox.send((id, event)).await.is_err() {
            break;
        }
    }
    "the connection ended".to_owned()
}

async fn write(sink: &mut SplitSink<Socket, Message>, mut outgoing: mpsc::Receiver<Message>) -> String {
    while let Some(message) = outgoing.recv().await {
        if let Err(error) = sink.send(message).await {
            return error.to_string();
        }
    }
    // The sender is in the link, whose drop cancels: wait for that.
    std::future::pending().await
}
