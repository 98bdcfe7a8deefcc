//! Answers what the node asks: reads the chunk from its store and hands it to the connection that asked.
//! At most [`OPEN`] at once; what comes in between waits, and what finds that full too is told `not_here`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{
    Answer, ChunkHash, ErrorCode, ErrorMessage, MAX_OPEN, PeerMessage, ProjectName, TraceParent, WireError,
};
use crowd_trace::fail;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

use crate::ChunkStore;
use crate::link::encode;
use crate::spans::serve_door;

/// Chunks read and sent at once: what one node may have open towards one peer.
const OPEN: usize = MAX_OPEN;
/// Requests that wait for their turn: while a peer moves to another node, both may ask.
const WAITING: usize = MAX_OPEN;
/// A store that takes longer has not got it: the node asks another peer long before its own 10 s are over.
const STORE_TIMEOUT: Duration = Duration::from_secs(8);

/// What became of one request.
pub(crate) struct Served {
    pub(crate) project: ProjectName,
    /// None where the chunk is not here.
    pub(crate) bytes: Option<u64>,
}

/// A request of the node's.
pub(crate) struct Asked {
    pub(crate) id: u64,
    pub(crate) project: ProjectName,
    pub(crate) sha256: ChunkHash,
    pub(crate) stores: Vec<Arc<dyn ChunkStore>>,
    /// The trace that the request is part of.
    pub(crate) trace: Option<TraceParent>,
    /// The connection that it came on.
    pub(crate) outbox: mpsc::Sender<Message>,
}

#[derive(Default)]
pub(crate) struct Serving {
    open: FuturesUnordered<BoxFuture<'static, Option<Served>>>,
    waiting: VecDeque<Asked>,
}

impl Serving {
    pub(crate) fn start(&mut self, asked: Asked) {
        if self.open.len() < OPEN {
            self.open.push(Box::pin(serve(asked)));
        } else if self.waiting.len() < WAITING {
            self.waiting.push_back(asked);
        } else {
            // No room in the outbox either: then the node's own time-out answers.
            asked.outbox.try_send(encode(&not_here(asked.id))).ok();
        }
    }

    /// Waits for the next request to be done; for ever where there is none.
    pub(crate) async fn next(&mut self) -> Served {
        loop {
            match self.open.next().await {
                None => return std::future::pending().await,
                Some(done) => {
                    if let Some(asked) = self.waiting.pop_front() {
                        self.open.push(Box::pin(serve(asked)));
                    }
                    if let Some(served) = done {
                        return served;
                    }
                }
            }
        }
    }
}

/// None where the connection is gone.
async fn serve(asked: Asked) -> Option<Served> {
    let Asked { id, project, sha256, stores, trace, outbox } = asked;
    let door = serve_door(&project, trace);
    let found = tokio::time::timeout(STORE_TIMEOUT, find(&stores, &project, &sha256));
    let found = door.run(found).await.ok().flatten();
    let bytes = found.as_ref().map(|body| body.len() as u64);
    match bytes {
        Some(bytes) => drop(door.span().record("crowd.bytes", bytes)),
        None => fail(door.span(), ErrorCode::NotHere.as_str()),
    }
    let message = match found {
        Some(body) => PeerMessage::Response(Answer { id, sha256, file: None, traceparent: None, body }),
        None => not_here(id),
    };
    outbox.send(encode(&message)).await.ok()?;
    Some(Served { project, bytes })
}

async fn find(stores: &[Arc<dyn ChunkStore>], project: &ProjectName, hash: &ChunkHash) -> Option<Bytes> {
    for store in stores {
        if let Some(bytes) = store.get(project, hash).await {
            return Some(bytes);
        }
    }
    None
}

fn not_here(id: u64) -> PeerMessage {
    let error = WireError::new(ErrorCode::NotHere, "this peer does not have that chunk");
    PeerMessage::Error(ErrorMessage::new(Some(id), &error))
}
