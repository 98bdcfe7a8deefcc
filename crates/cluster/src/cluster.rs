//! The handle of a node's cluster part, and what runs behind it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crowd_directory::Ring;
use crowd_registry::Registry;
use crowd_relay::{LocalPeers, Nodes, Relay};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::courier::Tools;
use crate::dialer::Dialer;
use crate::gossip::{Gossip, INPUTS, Input};
use crate::joiner::join;
use crate::lookups::Lookups;
use crate::neighbours::Neighbours;
use crate::nodes::ClusterNodes;
use crate::passport::{Gate, Passport};
use crate::postman::{PACKETS, carry};
use crate::roster::Roster;
use crate::server::{Services, serve};
use crate::services::{DirectoryService, MembershipService, RegistryService, RelayService, StatusService};
use crate::shared_directory::SharedDirectory;
use crate::{ClusterConfig, ClusterError, Joining, Member, Reports};

/// How often the directory looks what is due.
const TICK: Duration = Duration::from_millis(250);
/// Syncs of other nodes that may run at once.
const SYNCS: usize = 8;
/// How long saying goodbye may take.
const LEAVE: Duration = Duration::from_secs(1);
/// How long a node that left waits for the others to let go of it, past what they have in flight: those that heard of
/// it do at once, and the gossip reaches all in a few rounds.
const LET_GO: Duration = Duration::from_secs(2);

/// The rest of the cluster, as one node sees it. Cheap to clone; it does nothing until [`Cluster::run`].
#[derive(Clone)]
pub struct Cluster(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: Arc<ClusterConfig>,
    me: Member,
    pub(crate) dialer: Dialer,
    neighbours: Arc<Neighbours>,
    pub(crate) directory: Arc<SharedDirectory>,
    nodes: Arc<ClusterNodes>,
    pub(crate) members: watch::Receiver<Arc<Vec<Member>>>,
    gossip: mpsc::Sender<Input>,
    /// The links that other nodes hold to this one.
    links: TaskTracker,
    /// What only the one run of this cluster may have.
    to_run: Mutex<Option<ToRun>>,
}

struct ToRun {
    members: watch::Sender<Arc<Vec<Member>>>,
    inputs: mpsc::Receiver<Input>,
}

/// What a node serves to the others.
pub struct Serving {
    /// The cluster port, bound.
    pub listener: TcpListener,
    /// Answers what other nodes ask.
    pub relay: Arc<Relay>,
    /// The registry, where this node keeps it for all.
    pub registry: Option<Arc<dyn Registry>>,
    /// Says how this node is; where there is none, the others are told so.
    pub reports: Option<Arc<dyn Reports>>,
    /// Ends everything.
    pub shutdown: CancellationToken,
}

/// Numbers for the status page.
#[derive(Debug, Clone)]
pub struct ClusterStatus {
    /// The part of all projects, 0 to 1, that this node is the first owner of.
    pub share: f64,
    /// Rows held for other nodes.
    pub rows: usize,
    /// Projects that this node's peers host.
    pub projects: usize,
    /// The ring changed a moment ago.
    pub in_transition: bool,
}

impl Cluster {
    /// A node of the cluster that `config` names, whose own peers are `peers`. Needs no runtime yet.
    pub fn new(config: ClusterConfig, peers: Arc<dyn LocalPeers>) -> Result<Self, ClusterError> {
        let me = config.member()?;
        let passport = Passport::new(Some(&config.cluster_id), &config.name)?;
        let dialer = Dialer::new(passport, config.lines.clone());
        let neighbours = Arc::new(Neighbours::default());
        let directory = Arc::new(SharedDirectory::new(config.name.clone(), neighbours.clone()));
        let lookups =
            Arc::new(Lookups::new(directory.clone(), neighbours.clone(), dialer.clone(), config.lookup));
        let nodes = Arc::new(ClusterNodes {
            directory: directory.clone(),
            neighbours: neighbours.clone(),
            lookups,
            peers,
        });
        let (publish, members) = watch::channel(Arc::new(vec![me.clone()]));
        let (gossip, inputs) = mpsc::channel(INPUTS);
        let to_run = Mutex::new(Some(ToRun { members: publish, inputs }));
        let config = Arc::new(config);
        Ok(Self(Arc::new(Inner {
            config,
            me,
            dialer,
            neighbours,
            directory,
            nodes,
            members,
            gossip,
            links: TaskTracker::new(),
            to_run,
        })))
    }

    /// The port through which the relay reaches the other nodes.
    pub fn nodes(&self) -> Arc<dyn Nodes> {
        self.0.nodes.clone()
    }

    /// Who is up, by name, this node included. Who is in it can be asked, and is told what is announced.
    pub fn members(&self) -> watch::Receiver<Arc<Vec<Member>>> {
        self.0.members.clone()
    }

    /// Asks `member`, of whom this node heard otherwise, who is there.
    pub async fn found(&self, member: Member) {
        // Where the task has ended nobody wants to know.
        let _ = self.0.gossip.send(Input::Found(member)).await;
    }

    /// Numbers for the status page.
    pub fn status(&self) -> ClusterStatus {
        self.0.directory.with(|directory, now| ClusterStatus {
            share: directory.share(),
            rows: directory.table_len(),
            projects: directory.own_len(),
            in_transition: directory.in_transition(now),
        })
    }

    /// The ring as this node sees it.
    pub fn ring(&self) -> Arc<Ring> {
        self.0.directory.with(|directory, _| directory.ring().clone())
    }

    /// Serves the cluster port, joins, and keeps the directory, until `shutdown`; or until it turns out that the
    /// nodes to join are of another cluster. A cluster runs once.
    pub async fn run(&self, serving: Serving) -> Result<(), ClusterError> {
        let Serving { listener, relay, registry, reports, shutdown } = serving;
        let to_run = self.0.to_run.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ToRun { members, inputs } =
            to_run.ok_or_else(|| ClusterError::Config("this cluster runs already".into()))?;
        let (tasks, cancel) = (TaskTracker::new(), shutdown.child_token());
        let _ended = cancel.clone().drop_guard();

        let (known, up) = watch::channel(members.borrow().clone());
        self.start_gossip(known, inputs, &tasks, &cancel);
        self.start_directory(up, members, &tasks, &cancel);
        let services = self.services(relay, registry, reports, &cancel);
        let served = serve(listener, self.0.config.lines.clone(), services, cancel.clone());
        let joined = join(self.joining(), self.members(), self.0.gossip.clone());
        let result = tokio::select! {
            served = served => served,
            refused = joined => Err(refused),
        };
        cancel.cancel();
        for ending in [&tasks, &self.0.links] {
            ending.close();
            ending.wait().await;
        }
        result
    }

    /// Tells the others that this node leaves, so that they need not find out, and waits until each of them has its
    /// last answer and lets go. Meanwhile it goes on answering, what it holds of the directory too: by then the next
    /// owners have it from the hosts themselves. Call it while [`Cluster::run`] still runs. Takes three seconds at most.
    pub async fn leave(&self) {
        let (done, left) = oneshot::channel();
        let leaving = async {
            if self.0.gossip.send(Input::Leave(done)).await.is_ok() {
                // Where the task has ended there is nobody to tell.
                let _ = left.await;
            }
        };
        let _ = timeout(LEAVE, leaving).await;
        self.0.links.close();
        if timeout(LET_GO, self.0.links.wait()).await.is_err() {
            tracing::info!(links = self.0.links.len(), "cluster.not_let_go");
        }
    }

    fn start_gossip(
        &self,
        members: watch::Sender<Arc<Vec<Member>>>,
        inputs: mpsc::Receiver<Input>,
        tasks: &TaskTracker,
        cancel: &CancellationToken,
    ) {
        let Inner { config, me, dialer, .. } = &*self.0;
        let (packets, outbound) = mpsc::channel(PACKETS);
        let gossip = Gossip::new(me.clone(), config.probe, members, packets, dialer.clone());
        tasks.spawn(gossip.run(inputs, cancel.clone()));
        tasks.spawn(cancel.clone().run_until_cancelled_owned(carry(dialer.clone(), outbound)));
    }

    fn start_directory(
        &self,
        up: watch::Receiver<Arc<Vec<Member>>>,
        applied: watch::Sender<Arc<Vec<Member>>>,
        tasks: &TaskTracker,
        cancel: &CancellationToken,
    ) {
        let Inner { config, dialer, neighbours, directory, .. } = &*self.0;
        let syncs = Arc::new(Semaphore::new(SYNCS));
        let roster = Roster {
            me: config.name.clone(),
            neighbours: neighbours.clone(),
            tools: Tools { directory: directory.clone(), dialer: dialer.clone(), syncs },
            tasks: tasks.clone(),
            cancel: cancel.clone(),
            applied,
        };
        tasks.spawn(roster.run(up));
        tasks.spawn(cancel.clone().run_until_cancelled_owned(keep(directory.clone())));
    }

    fn services(
        &self,
        relay: Arc<Relay>,
        registry: Option<Arc<dyn Registry>>,
        reports: Option<Arc<dyn Reports>>,
        cancel: &CancellationToken,
    ) -> Services {
        let gate = Gate::new(&self.0.config.cluster_id);
        Services {
            membership: MembershipService {
                config: self.0.config.clone(),
                members: self.members(),
                gossip: self.0.gossip.clone(),
                gate: gate.clone(),
            },
            directory: DirectoryService(self.0.directory.clone()),
            relay: RelayService {
                me: self.0.config.name.clone(),
                relay,
                links: self.0.links.clone(),
                cancel: cancel.clone(),
            },
            registry: RegistryService { registry, cancel: cancel.clone() },
            status: StatusService(reports),
            gate,
        }
    }

    /// The keeper is a seed too: it may start again without being told whom to join.
    fn joining(&self) -> Joining {
        let Inner { config, me, .. } = &*self.0;
        let mut seeds = config.join.clone();
        seeds.extend(
            config.keeper.strip_prefix("node://").filter(|at| *at != &*me.address).map(str::to_owned),
        );
        let (cluster_id, lines) = (Some(config.cluster_id.clone()), config.lines.clone());
        Joining { me: me.clone(), seeds, cluster_id, lines }
    }
}

/// Leases, failed syncs, ends of transitions.
async fn keep(directory: Arc<SharedDirectory>) {
    let mut tick = interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        directory.act(|directory, now| directory.tick(now));
    }
}
