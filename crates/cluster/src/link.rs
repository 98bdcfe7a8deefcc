//! The calling side of a link: one task that works off the mailbox of one node's responder over one stream. Nothing is
//! spawned or called for a single request.

use std::sync::Arc;
use std::time::Duration;

use crowd_directory::NodeName;
use crowd_protocol::{ErrorCode, WireError};
use crowd_relay::{Ask, Responder};
use crowd_rpc::v1::relay_client::RelayClient;
use crowd_rpc::{LinkAsk, MAX_MESSAGE, MAX_OPEN_ASKS, v1};
use tokio::sync::mpsc::{self, Permit};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Status, Streaming};

use crate::ClusterError;
use crate::answers::Answers;
use crate::backoff::Backoff;
use crate::dialer::{Dialer, Wire};
use crate::tls::Renewals;

/// Requests on their way to the connection. What does not fit waits in the mailbox, where it is counted.
const REQUESTS: usize = 64;
/// A node that does not take a link by then is not there.
const OPENED_BY: Duration = Duration::from_secs(2);
/// Time between two attempts to open a link that failed: at first, and in the end. Asks fail at once meanwhile.
const AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// So long a node that is down may still answer what it was asked before: it may have left in peace.
const LAST_ANSWERS: Duration = Duration::from_secs(10);
/// How often it is looked for asks that nobody waits for any more.
const SWEEP: Duration = Duration::from_millis(250);

/// A link to one node.
pub(crate) struct Link {
    to: Target,
    wire: Wire,
    renewals: Renewals,
}

/// The node at the other end, and what it takes to link to it again.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) node: NodeName,
    pub(crate) address: Arc<str>,
    pub(crate) responder: Arc<Responder>,
    pub(crate) dialer: Dialer,
    pub(crate) tasks: TaskTracker,
    pub(crate) cancel: CancellationToken,
}

/// Why a link is over.
enum Over {
    /// There is nothing more to ask that node.
    Closed,
    /// Another link with newer certificates goes on, with the same mailbox.
    Succeeded,
}

/// A stream that is open.
struct Stream {
    requests: mpsc::Sender<v1::LinkRequest>,
    replies: Streaming<v1::LinkReply>,
}

impl Link {
    /// Connects at the first ask. Fails where the address is none of a URL.
    pub(crate) fn new(to: Target) -> Result<Self, ClusterError> {
        // Before the connection: what changes in between is noticed.
        let renewals = to.dialer.renewals();
        Ok(Self { wire: to.dialer.own(&to.address)?, renewals, to })
    }

    /// Works until the mailbox is closed and the last answer is here, or it is cancelled. The stream is opened with the
    /// first ask, and again with the next one after it broke. When certificates change, another link takes the mailbox
    /// over.
    pub(crate) fn start(self) {
        self.to.tasks.clone().spawn(async move {
            let over = self.to.cancel.run_until_cancelled(self.work()).await;
            if !matches!(over, Some(Over::Succeeded)) {
                self.to.responder.asks().close();
            }
        });
    }

    async fn work(&self) -> Over {
        let mut backoff = Backoff::new(AGAIN.0, AGAIN.1);
        let mut closed_until = Instant::now();
        let mut renewals = self.renewals.clone();
        loop {
            let ask = tokio::select! {
                ask = self.to.responder.asks().pop() => ask,
                () = renewals.next() => return self.succeed(),
            };
            let Some(ask) = ask else { return Over::Closed };
            if ask.reply.is_closed() || Instant::now() < closed_until {
                self.turn_away(ask);
                continue;
            }
            let opened = Instant::now();
            let why = match self.open().await {
                Ok(stream) => {
                    tracing::debug!(node = %self.to.node, "link.open");
                    backoff.reset();
                    match self.carry(stream, ask).await {
                        (Over::Succeeded, _) => return Over::Succeeded,
                        (Over::Closed, why) => why,
                    }
                }
                Err(status) => {
                    self.turn_away(ask);
                    status
                }
            };
            self.to.responder.failed();
            metrics::counter!("crowd_link_breaks_total").increment(1);
            tracing::info!(node = %self.to.node, why = why.message(), after = ?opened.elapsed(), "link.closed");
            closed_until = Instant::now() + backoff.wait();
        }
    }

    /// From now on another link works off the mailbox.
    fn succeed(&self) -> Over {
        tracing::debug!(node = %self.to.node, "link.renewed");
        match Self::new(self.to.clone()) {
            Ok(next) => {
                next.start();
                Over::Succeeded
            }
            Err(_) => Over::Closed,
        }
    }

    async fn open(&self) -> Result<Stream, Status> {
        let (requests, outbound) = mpsc::channel(REQUESTS);
        let mut client = RelayClient::new(self.wire.clone()).max_decoding_message_size(MAX_MESSAGE);
        let opening = client.link(ReceiverStream::new(outbound));
        let late = |_| Err(Status::deadline_exceeded("the link did not open in time"));
        let replies = timeout(OPENED_BY, opening).await.unwrap_or_else(late)?.into_inner();
        Ok(Stream { requests, replies })
    }

    /// Carries asks and answers until the stream ends; every ask that is open then fails, so that the relay goes on
    /// to the next candidate at once. Where another link goes on, this one is over with its last answer.
    async fn carry(&self, mut stream: Stream, first: Ask) -> (Over, Status) {
        let mut answers = Answers::new(&self.to.responder);
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let permit = stream.requests.try_reserve().expect("a new queue has room and its receiver");
        self.send(permit, first, &mut answers);
        let ending = sleep(LAST_ANSWERS);
        tokio::pin!(ending);
        let (mut accepting, mut over) = (true, Over::Closed);
        let mut renewals = self.renewals.clone();
        while accepting || answers.open() > 0 {
            tokio::select! {
                reply = stream.replies.message() => match reply {
                    Ok(Some(reply)) => answers.take(reply),
                    Ok(None) => return (over, Status::unavailable("the node closed it")),
                    Err(status) => return (over, status),
                },
                next = self.next(&stream.requests), if accepting && answers.open() < MAX_OPEN_ASKS => match next {
                    Some((permit, ask)) => self.send(permit, ask, &mut answers),
                    None => {
                        accepting = false;
                        ending.as_mut().reset(Instant::now() + LAST_ANSWERS);
                    }
                },
                () = renewals.next(), if accepting => {
                    (accepting, over) = (false, self.succeed());
                    ending.as_mut().reset(Instant::now() + LAST_ANSWERS);
                }
                () = &mut ending, if !accepting => break,
                _ = sweep.tick(), if answers.open() > 0 => {
                    answers.sweep(|id| {
                        let cancel = v1::link_request::Kind::Cancel(v1::Cancel { id });
                        stream.requests.try_send(v1::LinkRequest { kind: Some(cancel) }).is_ok()
                    });
                }
            }
        }
        (over, Status::cancelled("the node is down"))
    }

    /// The next ask, once there is room to send it; none where there will be no more.
    async fn next<'s>(
        &self,
        requests: &'s mpsc::Sender<v1::LinkRequest>,
    ) -> Option<(Permit<'s, v1::LinkRequest>, Ask)> {
        let permit = requests.reserve().await.ok()?;
        loop {
            let ask = self.to.responder.asks().pop().await?;
            if !ask.reply.is_closed() {
                return Some((permit, ask));
            }
            self.to.responder.skipped(&ask);
        }
    }

    fn send(&self, permit: Permit<'_, v1::LinkRequest>, ask: Ask, answers: &mut Answers<'_>) {
        let (chunk, trace) = (ask.chunk.clone(), ask.trace);
        let id = answers.expect(ask);
        let ask = LinkAsk {
            id,
            project: chunk.project,
            version: chunk.version,
            hash: chunk.hash,
            size: chunk.size,
            manifest: chunk.manifest,
            exact: chunk.exact,
            trace,
        };
        permit.send(v1::LinkRequest { kind: Some(v1::link_request::Kind::Ask(ask.into())) });
    }

    fn turn_away(&self, ask: Ask) {
        self.to.responder.skipped(&ask);
        // Nobody waiting any more is fine.
        let _ = ask.reply.send(Err(WireError::new(ErrorCode::NoPeer, "the link to that node is down")));
    }
}
