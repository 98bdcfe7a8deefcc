//! Answers what a peer asks and what changes nothing: requests and resolves.

use std::sync::Arc;

use crowd_protocol::{
    Answer, ChunkHash, ErrorCode, ErrorMessage, NodeMessage, ProjectName, TraceParent, Want, WireError,
};
use crowd_relay::{Chunk, Relay, Room, continue_trace, current_trace};
use tracing::Instrument;

use crate::outbox::Held;

/// An answer, and what it holds until it is written.
pub(crate) type Reply = (NodeMessage, Option<Held>);

/// What a peer wants to know.
#[derive(Debug)]
pub(crate) enum Question {
    Request { id: u64, project: ProjectName, want: Want, version: Option<u64>, trace: Option<TraceParent> },
    Resolve { id: u64, project: ProjectName },
}

/// Answers one question; never fails, since an error is an answer too.
pub(crate) async fn answer(relay: Arc<Relay>, room: Room, question: Question) -> Reply {
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
            let span = tracing::info_span!("sessioncast.request", %project, otel.kind = "server");
            continue_trace(&span, trace);
            request(relay, room, id, project, want, version).instrument(span).await
        }
    }
}

async fn request(
    relay: Arc<Relay>,
    room: Room,
    id: u64,
    project: ProjectName,
    want: Want,
    version: Option<u64>,
) -> Reply {
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
    match fetched.await {
        Ok((file, sha256, chunk, room)) => {
            metrics::counter!("crowd_requests_total", "outcome" => "ok").increment(1);
            let answer = Answer { id, sha256, file, body: chunk.bytes.clone() };
            (NodeMessage::Response(answer), Some(Held { _chunk: chunk, _room: room }))
        }
        Err(error) => {
            metrics::counter!("crowd_requests_total", "outcome" => error.code.as_str()).increment(1);
            (refuse(Some(id), &error), None)
        }
    }
}

/// The `error` message; a fault of the node names its trace.
pub(crate) fn refuse(id: Option<u64>, error: &WireError) -> NodeMessage {
    let mut message = ErrorMessage::new(id, error);
    if error.code == ErrorCode::Internal
        && let Some(trace) = current_trace()
    {
        let trace = trace.to_string();
        let trace_id = trace.split('-').nth(1).unwrap_or_default();
        message.message = format!("{} (trace {trace_id})", message.message);
        tracing::error!(error = %error, trace_id, "request.internal_error");
    }
    NodeMessage::Error(message)
}
