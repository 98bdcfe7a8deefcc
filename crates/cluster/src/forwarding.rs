//! The answering side of a link: one task that asks this node's own peers for what another node wants of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crowd_directory::NodeName;
use crowd_protocol::{ErrorCode, WireError};
use crowd_relay::{BoxFuture, Chunk, ChunkAsk, Relay};
use crowd_rpc::v1::link_request::Kind;
use crowd_rpc::{LinkAsk, MAX_OPEN_ASKS, v1};
use crowd_trace::{Asker, Door, fail};
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable};
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tonic::{Status, Streaming};
use tracing::Span;
use tracing::field::Empty;

use crate::outgoing::Outgoing;

/// Replies on their way to the connection, 64 KiB each at most: enough to keep it busy, 1 MiB a link.
pub(crate) const REPLIES: usize = 16;
/// A node that asked something hears this often that it is worked on.
const PROGRESS: Duration = Duration::from_millis(250);
/// What an asking node over the limit is told to wait.
const RETRY_AFTER_MS: u64 = 200;

/// Ends with the stream of requests.
pub(crate) struct Forwarding {
    pub(crate) from: NodeName,
    /// This node.
    pub(crate) me: NodeName,
    pub(crate) relay: Arc<Relay>,
    pub(crate) requests: Streaming<v1::LinkRequest>,
    pub(crate) replies: mpsc::Sender<Result<v1::LinkReply, Status>>,
}

/// An ask under way, with its number.
type Forwarded = BoxFuture<'static, (u64, Result<Chunk, WireError>)>;

/// What is being worked on.
#[derive(Default)]
struct Work {
    asks: FuturesUnordered<Abortable<Forwarded>>,
    open: HashMap<u64, AbortHandle>,
    outgoing: Outgoing,
}

impl Forwarding {
    pub(crate) async fn run(mut self) {
        let mut work = Work::default();
        let mut progress = interval(PROGRESS);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                request = self.requests.message() => match request {
                    Ok(Some(request)) => self.take(request, &mut work),
                    Ok(None) | Err(_) => return,
                },
                Some(done) = work.asks.next(), if !work.asks.is_empty() => {
                    if let Ok((id, result)) = done {
                        work.open.remove(&id);
                        work.outgoing.push(id, result);
                    }
                }
                permit = self.replies.reserve(), if work.outgoing.len() > 0 => match permit {
                    Ok(permit) => permit.send(Ok(work.outgoing.next().expect("it is not empty"))),
                    Err(_) => return,
                },
                _ = progress.tick(), if !work.open.is_empty() => {
                    let progress = v1::link_reply::Kind::Progress(v1::Progress {});
                    // Where the queue is full, what is in it shows that this node lives.
                    let _ = self.replies.try_send(Ok(v1::LinkReply { kind: Some(progress) }));
                }
            }
        }
    }

    fn take(&self, request: v1::LinkRequest, work: &mut Work) {
        match request.kind {
            Some(Kind::Ask(ask)) => self.ask(ask, work),
            Some(Kind::Cancel(v1::Cancel { id })) => {
                if let Some(handle) = work.open.remove(&id) {
                    handle.abort();
                }
                work.outgoing.cancel(id);
            }
            None => {}
        }
    }

    fn ask(&self, ask: v1::Ask, work: &mut Work) {
        let id = ask.id;
        let refused = if work.open.len() + work.outgoing.len() >= MAX_OPEN_ASKS {
            Some(WireError::rate_limited("too many asks are open on this link", RETRY_AFTER_MS))
        } else if work.open.contains_key(&id) {
            Some(WireError::new(ErrorCode::BadMessage, "an ask of that number is open"))
        } else {
            None
        };
        let ask = match (refused, LinkAsk::try_from(ask)) {
            (None, Ok(ask)) => ask,
            (Some(error), _) => return self.refuse(id, error, work),
            (None, Err(status)) => {
                let error = WireError::new(ErrorCode::BadMessage, status.message().to_owned());
                return self.refuse(id, error, work);
            }
        };
        let door = self.door(&ask);
        let chunk = ChunkAsk {
            project: ask.project,
            version: ask.version,
            hash: ask.hash,
            size: ask.size,
            manifest: ask.manifest,
            exact: ask.exact,
        };
        let relay = self.relay.clone();
        let began = Instant::now();
        let forwarded = async move {
            let result = relay.forwarded(chunk).await;
            if let Err(error) = &result {
                fail(&Span::current(), error.code.as_str());
            }
            relay.doors().node.count(began, &result);
            (id, result)
        };
        let (handle, registration) = AbortHandle::new_pair();
        work.open.insert(id, handle);
        let forwarded: Forwarded = Box::pin(async move { door.run(forwarded).await });
        work.asks.push(Abortable::new(forwarded, registration));
    }

    /// The other end of the span of the node that asks.
    fn door(&self, ask: &LinkAsk) -> Door {
        Door::open(ask.trace, Asker::Member, || {
            tracing::info_span!(
                "sessioncast.forwarded",
                otel.kind = "server",
                rpc.system = "grpc",
                rpc.service = "crowd.cluster.v1.Relay",
                rpc.method = "Link",
                crowd.node = %self.me,
                crowd.from = %self.from,
                crowd.project = %ask.project,
                crowd.chunk = %ask.hash,
                error.type = Empty,
                otel.status_code = Empty,
            )
        })
    }

    fn refuse(&self, id: u64, error: WireError, work: &mut Work) {
        self.relay.doors().node.answered(Instant::now(), Some(error.code.as_str()));
        tracing::debug!(from = %self.from, %error, "link.ask_refused");
        // Bounded like the asks: past the limit an answer has to leave before another refusal fits.
        if work.outgoing.len() < 2 * MAX_OPEN_ASKS {
            work.outgoing.push(id, Err(error));
        }
    }
}
