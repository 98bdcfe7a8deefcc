//! The parts of a node that has joined, put together in the order of the data path.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crowd_cluster::{Cluster, ClusterConfig, Hello, Joining, Lines, Member, NodeState};
use crowd_directory::NodeName;
use crowd_registry::{Counted, Registry};
use crowd_relay::Relay;
use crowd_session::{PeerTable, SessionConfig, Sessions};
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::finding::{Finding, Found};
use crate::names::{node_name, public_url, socket_url};
use crate::reach::advertised;
use crate::remembered::Remembered;
use crate::{Addresses, Config, Joined};

/// Of how many others a node that joins asks whether they see it.
const ASK_WHETHER_SEEN: usize = 16;
/// How often it asks.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// How often the bytes that the app allows itself a page may upload before it is asked no more: its days need not begin
/// when the node's do, and some of what it sends comes too late to count for it.
const UPLOAD_MARGIN: u64 = 2;

/// What runs.
pub(crate) struct Parts {
    pub(crate) name: NodeName,
    pub(crate) cluster_id: Arc<str>,
    pub(crate) public_url: Arc<str>,
    pub(crate) relay: Arc<Relay>,
    pub(crate) sessions: Sessions,
    pub(crate) cluster: Cluster,
    /// The registry, where this node keeps it for all.
    pub(crate) kept: Option<Arc<dyn Registry>>,
    /// Where the registry is, as the flag `--registry` has it.
    keeper: String,
    /// What `welcome` and `goaway` tell, kept up to date by [`Parts::follow_nodes`].
    nodes: watch::Sender<Arc<Vec<String>>>,
    me: Member,
    lines: Lines,
    remembered: Remembered,
    /// Who told of the cluster.
    greeted: Option<Member>,
    /// Who was in the cluster when this node came: until it sees them too, it would miss what they host.
    expected: Vec<NodeName>,
    settled: AtomicBool,
    leaving: AtomicBool,
}

impl Parts {
    /// Finds the cluster, opens or reaches its registry, and builds everything on it. Waits for as long as no node to
    /// join answers; fails where it is another cluster's.
    pub(crate) async fn join(config: &Config, addresses: &Addresses, lines: Lines) -> anyhow::Result<Self> {
        let advertise = advertised(config, addresses.cluster).await?;
        let name = NodeName::from(config.name.clone().unwrap_or_else(|| node_name(&advertise)));
        let public_url = config.public_url.clone().unwrap_or_else(|| public_url(addresses));
        let told = told_url(config, addresses, &public_url);
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut cluster_config = ClusterConfig {
            incarnation: since_epoch.as_millis() as u64,
            public_url: told,
            join: config.join.clone(),
            lines: lines.clone(),
            lookup: config.relay.lookup.mul_f64(0.85),
            ..ClusterConfig::new(name.clone(), advertise.clone(), "")
        };
        let remembered = Remembered::new(&config.data);
        let (me, bound) = (cluster_config.member()?, addresses.cluster);
        let finding = Finding { config, me, lines: &lines, bound, remembered: &remembered };
        let Found { registry, kept, keeper, greeted, mut expected } = finding.find().await?;
        cluster_config.cluster_id = registry.id().to_owned();
        cluster_config.keeper = keeper.clone();
        let cluster_id: Arc<str> = registry.id().into();

        let table = Arc::new(PeerTable::default());
        let me = cluster_config.member()?;
        let cluster = Cluster::new(cluster_config, table.clone())?;
        let deny = config.deny.clone();
        let registry = Arc::new(Counted::new(registry));
        let relay = Relay::new(config.relay.clone(), registry, table.clone(), cluster.nodes(), deny);
        let (nodes, told) = watch::channel(Arc::default());
        let session = SessionConfig {
            heartbeat: config.heartbeat,
            max_peers: config.max_peers,
            page_upload_bytes: config.upload_bytes_per_day.saturating_mul(UPLOAD_MARGIN),
            goaway_spread: config.goaway_spread,
            ..SessionConfig::new(name.as_str().into(), cluster_id.clone(), told)
        };
        let sessions = Sessions::new(session, relay.clone(), table);
        expected.retain(|node| *node != name);
        Ok(Self {
            name,
            cluster_id,
            public_url: public_url.into(),
            relay,
            sessions,
            cluster,
            kept,
            keeper,
            nodes,
            me,
            lines,
            remembered,
            greeted,
            expected,
            settled: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
        })
    }

    /// Waits until this node sees everyone whom it was told of, and they see it: a request that came before would not
    /// find what they host, nor theirs what is hosted here. Those who have died meanwhile are not waited for longer
    /// than `limit`.
    pub(crate) async fn settle(&self, limit: Duration) {
        let known = async {
            // One that was only remembered would have to find this node otherwise.
            if let Some(member) = self.greeted.clone() {
                self.cluster.found(member).await;
            }
            let mut members = self.cluster.members();
            let seen = members.wait_for(|members| {
                let seen = |node: &NodeName| members.iter().any(|member| member.name == *node);
                self.expected.iter().all(seen)
            });
            let seen = seen.await.map(|members| members.clone()).unwrap_or_default();
            let others = seen.iter().filter(|member| member.name != self.name).take(ASK_WHETHER_SEEN);
            join_all(others.map(|member| self.seen_by(&member.address))).await;
        };
        if timeout(limit, known).await.is_err() {
            tracing::warn!(expected = ?self.expected, "node.some_not_seen");
        }
        self.settled.store(true, Ordering::Relaxed);
    }

    /// Asks the node at `address` until it sees this one.
    async fn seen_by(&self, address: &str) {
        let cluster_id = Some(self.cluster_id.to_string());
        let (seeds, lines) = (vec![address.to_owned()], self.lines.clone());
        let joining = Joining { me: self.me.clone(), seeds, cluster_id, lines };
        loop {
            let hello = joining.hello_once().await;
            let seen = |hello: &Hello| hello.members.iter().any(|member| member.name == self.name);
            if hello.is_ok_and(|hello| hello.as_ref().is_some_and(seen)) {
                return;
            }
            sleep(ASK_AGAIN).await;
        }
    }

    /// Keeps what peers are told of the nodes up to date. A leaving node no longer names itself.
    pub(crate) async fn follow_nodes(&self) {
        let mut members = self.cluster.members();
        loop {
            let seen = members.borrow_and_update().clone();
            self.tell_nodes();
            if self.kept.is_some() {
                self.remembered.note(&seen, &self.me).await;
            }
            if members.changed().await.is_err() {
                return;
            }
        }
    }

    fn tell_nodes(&self) {
        let members = self.cluster.members().borrow().clone();
        let leaving = self.leaving.load(Ordering::Relaxed);
        let named = members
            .iter()
            .filter(|member| !member.public_url.is_empty())
            .filter(|member| !leaving || member.name != self.name)
            .map(|member| socket_url(&member.public_url));
        self.nodes.send_replace(Arc::new(named.collect()));
    }

    /// No longer ready, and no longer named to peers.
    pub(crate) fn start_leaving(&self) {
        self.leaving.store(true, Ordering::Relaxed);
        self.tell_nodes();
    }

    /// What this node found, for whoever started it.
    pub(crate) fn joined(&self) -> Joined {
        let members = self.cluster.members().borrow().clone();
        let others = members.iter().map(|member| member.name.clone()).filter(|name| *name != self.name);
        Joined {
            name: self.name.clone(),
            cluster_id: self.cluster_id.to_string(),
            keeper: self.keeper.clone(),
            keeps: self.kept.is_some(),
            public_url: self.public_url.to_string(),
            others: others.collect(),
        }
    }

    /// True while it may be sent visitors. It stays so while the registry is away: reading goes on from what was seen.
    pub(crate) fn is_ready(&self) -> bool {
        let (leaving, settled) = (&self.leaving, &self.settled);
        let at_work = settled.load(Ordering::Relaxed) && !leaving.load(Ordering::Relaxed);
        at_work && self.relay.catalog().has_followed()
    }

    /// Where it is in its life.
    pub(crate) fn state(&self) -> NodeState {
        if self.leaving.load(Ordering::Relaxed) {
            NodeState::Leaving
        } else if !self.settled.load(Ordering::Relaxed) {
            NodeState::Joining
        } else if !self.relay.catalog().is_following() {
            NodeState::NoRegistry
        } else {
            NodeState::Ready
        }
    }

    /// Where the names are kept, as the flag `--registry` has it.
    pub(crate) fn keeper(&self) -> &str {
        &self.keeper
    }
}

/// What the world is told of this node; nothing where nobody said it and what was bound means every interface.
fn told_url(config: &Config, addresses: &Addresses, public_url: &str) -> String {
    if config.public_url.is_none() && addresses.public.ip().is_unspecified() {
        tracing::warn!(links = public_url, flag = "--public-url", "public_url.unknown");
        return String::new();
    }
    public_url.to_owned()
}
