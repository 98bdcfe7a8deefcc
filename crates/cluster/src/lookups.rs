//! Who hosts a project, asked of its owners: hedged, bounded in time, remembered for a moment.

use std::sync::Arc;
use std::time::Duration;

use crowd_directory::{NodeName, Row};
use crowd_protocol::ProjectName;
use crowd_relay::Flights;
use crowd_rpc::v1::directory_client::DirectoryClient;
use crowd_rpc::{MAX_MESSAGE, v1};
use crowd_trace::{Door, fail};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use moka::sync::Cache;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tonic::{Code, Status};
use tracing::{Instrument, Span};

use crate::counts::COUNTS;
use crate::dialer::Dialer;
use crate::neighbours::Neighbours;
use crate::shared_directory::SharedDirectory;
use crate::spans::{lookup_call_span, lookup_span, traced};
use crate::wire::read_found;

/// How long an answer is used again.
const REMEMBERED: Duration = Duration::from_secs(2);
/// Projects whose holders are remembered; each has some 200 bytes a row.
const PROJECTS: u64 = 10_000;
/// An owner that has not answered by then is slow, and the next one is asked too.
const HEDGE_AFTER: Duration = Duration::from_millis(150);
/// How much longer a fresh lookup waits for further owners once one has named a host.
const GRACE: Duration = Duration::from_millis(50);
/// In a cluster of up to so many nodes, all are asked before a change of the ring may hide a host.
const ASK_ALL: usize = 64;

/// The lookups of one node.
pub(crate) struct Lookups {
    directory: Arc<SharedDirectory>,
    neighbours: Arc<Neighbours>,
    dialer: Dialer,
    limit: Duration,
    known: Cache<ProjectName, Arc<[Row]>>,
    flights: Arc<Flights<ProjectName, Arc<[Row]>>>,
}

/// Whom to ask.
struct Plan {
    /// This node's own table, where it is an owner.
    own: Vec<Row>,
    /// The other owners, the first one first.
    owners: Vec<NodeName>,
    /// All others that are up, where the owners may not know yet.
    last_resort: Vec<NodeName>,
}

impl Lookups {
    /// `limit` is the time that one lookup may take.
    pub(crate) fn new(
        directory: Arc<SharedDirectory>,
        neighbours: Arc<Neighbours>,
        dialer: Dialer,
        limit: Duration,
    ) -> Self {
        let known = Cache::builder().max_capacity(PROJECTS).time_to_live(REMEMBERED).build();
        Self { directory, neighbours, dialer, limit, known, flights: Arc::default() }
    }

    /// The rows of `project` that need no asking: in this node's own table, or remembered.
    pub(crate) fn known(&self, project: &ProjectName) -> Option<Arc<[Row]>> {
        let own = self.directory.with(|directory, now| directory.find(project, now));
        if !own.is_empty() {
            return Some(own.into());
        }
        self.known.get(project)
    }

    /// The rows of `project`, this node's own left out. `fresh`: asks all owners, whatever is remembered.
    pub(crate) async fn find(self: &Arc<Self>, project: &ProjectName, fresh: bool) -> Arc<[Row]> {
        if fresh {
            self.known.invalidate(project);
        } else if let Some(known) = self.known(project) {
            return known;
        }
        let (lookups, wanted) = (self.clone(), project.clone());
        let (here, span) = (Door::here(), lookup_span(project, fresh));
        let search = async move { here.run(lookups.search(&wanted, fresh).instrument(span)).await };
        let search = move || Box::pin(search) as _;
        // Requests for the chunks of one page come together.
        if fresh { search().await } else { self.flights.join(project.clone(), search).0.await }
    }

    async fn search(&self, project: &ProjectName, fresh: bool) -> Arc<[Row]> {
        let started = Instant::now();
        let deadline = started + self.limit;
        let Plan { own, owners, last_resort } = self.plan(project);
        // A mute owner must not take the time of the last resort.
        let owners_by = if last_resort.is_empty() { deadline } else { started + self.limit / 2 };
        let mut rows = own;
        if fresh {
            rows.extend(self.ask_all(project, &owners, owners_by).await);
        } else if rows.is_empty() {
            rows = self.ask_in_turn(project, &owners, owners_by).await;
        }
        let named = !rows.is_empty();
        if !named && !last_resort.is_empty() {
            Span::current().record("crowd.asked_everyone", true);
            rows = self.ask_all(project, &last_resort, deadline).await;
        }
        let me = self.directory.with(|directory, _| directory.me().clone());
        let mut seen = vec![me];
        rows.retain(|row| {
            let new = !seen.contains(&row.node);
            seen.push(row.node.clone());
            new && !row.hosting.is_none()
        });
        let outcome = match (rows.is_empty(), named) {
            (true, _) => "nobody",
            (false, true) => "found",
            (false, false) => "last_resort",
        };
        metrics::counter!("crowd_lookups_total", "outcome" => outcome).increment(1);
        COUNTS.lookup_seconds.record(started.elapsed());
        Span::current().record("crowd.rows", rows.len());
        let rows: Arc<[Row]> = rows.into();
        // That nobody hosts it is not remembered: the next moment somebody may.
        if !rows.is_empty() {
            self.known.insert(project.clone(), rows.clone());
        }
        rows
    }

    fn plan(&self, project: &ProjectName) -> Plan {
        self.directory.with(|directory, now| {
            let (mut owners, me) = (directory.owners(project, now), directory.me());
            owners.retain(|owner| owner != me);
            let mut last_resort = Vec::new();
            if directory.in_transition(now) && directory.ring().len() <= ASK_ALL {
                last_resort = directory.nodes();
                last_resort.retain(|node| node != me && !owners.contains(node));
            }
            Plan { own: directory.find(project, now), owners, last_resort }
        })
    }

    /// The first owner that names a host, each asked when the one before is slow; all at once when one knows of none.
    async fn ask_in_turn(&self, project: &ProjectName, owners: &[NodeName], deadline: Instant) -> Vec<Row> {
        let (mut asks, mut waiting) = (FuturesUnordered::new(), owners.iter());
        let mut patience = HEDGE_AFTER;
        loop {
            let next = waiting.next();
            if let Some(owner) = next {
                asks.push(self.ask(owner, project));
            } else if asks.is_empty() {
                return Vec::new();
            }
            let hedge_at = if next.is_some() { Instant::now() + patience } else { deadline };
            tokio::select! {
                answer = asks.next() => match answer {
                    Some(Ok(rows)) if !rows.is_empty() => return rows,
                    Some(Ok(_)) => patience = Duration::ZERO,
                    Some(Err(status)) => tracing::debug!(%project, %status, "lookup.failed"),
                    None => {}
                },
                () = sleep_until(hedge_at.min(deadline)) => {}
            }
            if Instant::now() >= deadline {
                return Vec::new();
            }
        }
    }

    /// What all of `nodes` say together, or those that answer soon after the first that names a host.
    async fn ask_all(&self, project: &ProjectName, nodes: &[NodeName], deadline: Instant) -> Vec<Row> {
        let mut asks: FuturesUnordered<_> = nodes.iter().map(|node| self.ask(node, project)).collect();
        let (mut rows, mut until) = (Vec::new(), deadline);
        while let Ok(Some(answer)) = timeout_at(until, asks.next()).await {
            if let Ok(found) = answer
                && !found.is_empty()
            {
                rows.extend(found);
                until = until.min(Instant::now() + GRACE);
            }
        }
        rows
    }

    async fn ask(&self, node: &NodeName, project: &ProjectName) -> Result<Vec<Row>, Status> {
        let down = || Status::unavailable("the node is down");
        let neighbour = self.neighbours.get(node).ok_or_else(down)?;
        let wire = self.dialer.shared(&neighbour.member.address).map_err(|_| down())?;
        let mut client = DirectoryClient::new(wire).max_decoding_message_size(MAX_MESSAGE);
        let span = lookup_call_span(node, &neighbour.member.address);
        let answer = async {
            let request = traced(v1::LookupRequest { project: project.as_str().to_owned() });
            match timeout(self.limit, client.lookup(request)).await {
                Ok(reply) => read_found(reply?.into_inner().rows),
                Err(_) => Err(Status::deadline_exceeded("no answer in time")),
            }
        };
        let answer = answer.instrument(span.clone()).await;
        match &answer {
            Ok(rows) => {
                span.record("crowd.rows", rows.len());
            }
            Err(status) => fail(&span, status.code().description()),
        };
        let code = answer.as_ref().err().map_or(Code::Ok, Status::code);
        span.record("rpc.grpc.status_code", code as i32);
        answer
    }
}
