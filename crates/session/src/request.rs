//! Answers what a peer asks and what changes nothing: requests and resolves.

use std::pin::pin;
use std::sync::Arc;

use crowd_protocol::{
    Answer, ChunkHash, ErrorCode, ErrorMessage, NodeMessage, ProjectName, SUBPROTOCOL, TraceParent, Want,
    WireError,
};
use crowd_relay::{Chunk, Relay, Room};
use crowd_trace::{Asker, Door, Seldom, current, fail, name_wanted};
use tokio::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use crate::outbox::Held;

/// An answer, and what it holds until it is written.
pub(crate) type Reply = (NodeMessage, Option<Held>);

/// What a peer wants to know.
#[derive(Debug)]
pub(crate) enum Question {
    Request { id: u64, project: ProjectName, want: Want, version: Option<u64>, trace: Option<TraceParent> },
    Resolve { id: u64, project: ProjectName },
}

/// Who asks, and what answering takes.
pub(crate) struct Desk {
    pub(crate) relay: Arc<Relay>,
    /// For what is on its way to this peer.
    pub(crate) room: Room,
    /// The name of this node.
    pub(crate) node: Arc<str>,
    /// What it calls the peer that asks.
    pub(crate) peer: Arc<str>,
}

/// Answers one question; never fails, since an error is an answer too.
pub(crate) async fn answer(desk: Desk, question: Question) -> Reply {
    let Desk { relay, room, node, peer } = desk;
    match question {
        Question::Resolve { id, project } => {
            let record = relay.record(&project).await;
            let answer = match record {
                Ok(record) => {
                    let peers = relay.peers_of(&project).await;
                    NodeMessage::Release { id, release: record.release.clone(), peers }
                }
                Err(error) => refuse(Some(id), &error),
            };
            (answer, None)
        }
        Question::Request { id, project, want, version, trace } => {
            let door = Door::open(trace, Asker::Stranger, || request_span(&node, &peer, &project, &want));
            // Pinned here, so that it is kept once: thousands of these may be open.
            let work = pin!(request(relay, room, id, project, want, version));
            door.run(work).await
        }
    }
}

/// The span of a request that is recorded.
fn request_span(node: &str, peer: &str, project: &ProjectName, want: &Want) -> Span {
    let span = tracing::info_span!(
        "sessioncast.request",
        otel.kind = "server",
        network.protocol.name = SUBPROTOCOL,
        crowd.node = node,
        crowd.peer = peer,
        crowd.project = project.as_str(),
        crowd.path = Empty,
        crowd.chunk.number = Empty,
        crowd.chunk = Empty,
        crowd.bytes = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    );
    name_wanted(&span, want);
    span
}

async fn request(
    relay: Arc<Relay>,
    room: Room,
    id: u64,
    project: ProjectName,
    want: Want,
    version: Option<u64>,
) -> Reply {
    let began = Instant::now();
    let found = match want {
        Want::Hash(hash) => relay.find_hash(&project, hash).await.map(|ask| (None, Some(ask))),
        Want::Path { path, chunk } => {
            let found = relay.find_path(&project, &path, chunk, version).await;
            found.map(|(info, ask)| (Some(info), ask))
        }
    };
    let fetched = async {
        let (file, ask) = found?;
        let size = ask.as_ref().map_or(0, |ask| ask.size);
        let room = room.reserve(size).await?;
        let (sha256, chunk) = match ask {
            Some(ask) => (ask.hash, relay.fetch(ask).await?),
            None => (ChunkHash::of(b""), Chunk::empty()),
        };
        Ok::<_, WireError>((file, sha256, chunk, room))
    };
    let fetched = fetched.await;
    relay.doors().ws.count(began, &fetched);
    match fetched {
        Ok((file, sha256, chunk, room)) => {
            let span = Span::current();
            let traceparent = current();
            // Open until the peer has taken it.
            let mut answering = Span::none();
            if traceparent.is_some_and(|trace| trace.is_sampled()) {
                span.record("crowd.bytes", chunk.bytes.len());
                answering = tracing::info_span!("sessioncast.answer");
            }
            let answer = Answer { id, sha256, file, traceparent, body: chunk.bytes.clone() };
            let held = Held { _chunk: chunk, _room: room, _answering: answering };
            (NodeMessage::Response(answer), Some(held))
        }
        Err(error) => {
            if error.code.is_failure() {
                fail(&Span::current(), error.code.as_str());
            }
            (refuse(Some(id), &error), None)
        }
    }
}

/// The `error` message with its trace, which a fault of the node names in words too.
pub(crate) fn refuse(id: Option<u64>, error: &WireError) -> NodeMessage {
    static FAULTS: Seldom = Seldom::new();
    let mut message = ErrorMessage::new(id, error);
    if let Some(trace) = current() {
        message.traceparent = Some(trace.to_string());
        if error.code == ErrorCode::Internal {
            message.message = format!("{} (trace {})", message.message, trace.trace_id_hex());
        }
    }
    if error.code == ErrorCode::Internal
        && let Some(unsaid) = FAULTS.pass()
    {
        tracing::error!(%error, unsaid, "request.internal_error");
    }
    NodeMessage::Error(message)
}
