//! The parts of a node that has joined, put together in the order of the data path.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use crowd_cluster::{Cluster, ClusterConfig, Hello, Joining, Member, RemoteRegistry};
use crowd_directory::NodeName;
use crowd_registry::{LocalRegistry, Registry};
use crowd_relay::Relay;
use crowd_session::{PeerTable, SessionConfig, Sessions};
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::names::{node_name, public_url, socket_url};
use crate::reach::{advertised, is_me};
use crate::{Addresses, Config, Data, RegistryChoice};

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
    /// What `welcome` and `goaway` tell, kept up to date by [`Parts::follow_nodes`].
    nodes: watch::Sender<Arc<Vec<String>>>,
    me: Member,
    /// Who was in the cluster when this node came: until it sees them too, it would miss what they host.
    expected: Vec<NodeName>,
    settled: AtomicBool,
    leaving: AtomicBool,
}

impl Parts {
    /// Finds the cluster, opens or reaches its registry, and builds everything on it. Waits for as long as no node to
    /// join answers; fails where it is another cluster's.
    pub(crate) async fn join(config: &Config, addresses: &Addresses) -> anyhow::Result<Self> {
        let advertise = advertised(config, addresses.cluster).await?;
        let name = NodeName::from(config.name.clone().unwrap_or_else(|| node_name(&advertise)));
        let public_url = config.public_url.clone().unwrap_or_else(|| public_url(addresses));
        let told = told_url(config, addresses, &public_url);
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut cluster_config = ClusterConfig {
            incarnation: since_epoch.as_millis() as u64,
            public_url: told,
            join: config.join.clone(),
            lookup: config.relay.lookup.mul_f64(0.85),
            ..ClusterConfig::new(name.clone(), advertise.clone(), "")
        };
        let joining = |seeds: Vec<String>, cluster_id| -> anyhow::Result<Joining> {
            Ok(Joining { me: cluster_config.member()?, seeds, cluster_id })
        };
        let keeps = match &config.registry {
            RegistryChoice::Local => true,
            RegistryChoice::Auto => config.join.is_empty(),
            RegistryChoice::Node(keeper) => is_me(keeper, &advertise, addresses.cluster).await,
        };
        let mut expected = Vec::new();
        let (registry, kept, keeper): (Arc<dyn Registry>, _, _) = if keeps {
            let registry: Arc<dyn Registry> = Arc::new(open(&config.data).await?);
            // Refused here, before anything is served, where a node to join is of another cluster.
            let joining = joining(config.join.clone(), Some(registry.id().to_owned()))?;
            if let Some(hello) = joining.hello_once().await? {
                refuse_a_name_that_is_taken(&joining, &hello).await?;
                expected.extend(seen_by(&hello));
            }
            (registry.clone(), Some(registry), format!("node://{advertise}"))
        } else {
            let mut seeds = config.join.clone();
            if let RegistryChoice::Node(keeper) = &config.registry {
                seeds.push(keeper.clone());
            }
            let joining = joining(seeds, None)?;
            let hello = joining.hello().await?;
            refuse_a_name_that_is_taken(&joining, &hello).await?;
            expected.extend(seen_by(&hello));
            let keeper = match &config.registry {
                RegistryChoice::Node(keeper) => format!("node://{keeper}"),
                _ => hello.keeper,
            };
            let registry = RemoteRegistry::connect(&keeper, hello.cluster_id, &name)?;
            (Arc::new(registry), None, keeper)
        };
        cluster_config.cluster_id = registry.id().to_owned();
        cluster_config.keeper = keeper;
        let cluster_id: Arc<str> = registry.id().into();

        let table = Arc::new(PeerTable::default());
        let me = cluster_config.member()?;
        let cluster = Cluster::new(cluster_config, table.clone())?;
        let deny = config.deny.clone();
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
            nodes,
            me,
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
        let joining = Joining { me: self.me.clone(), seeds: vec![address.to_owned()], cluster_id };
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
            self.tell_nodes();
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

    /// No longer ready; peers are told to go elsewhere.
    pub(crate) fn start_leaving(&self) {
        self.leaving.store(true, Ordering::Relaxed);
        self.tell_nodes();
        self.sessions.drain();
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.settled.load(Ordering::Relaxed)
            && self.relay.catalog().is_following()
            && !self.leaving.load(Ordering::Relaxed)
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

/// A node of this name that still answers elsewhere would lose its place to this one, and its peers with it. One that
/// does not was this node in its former life.
async fn refuse_a_name_that_is_taken(joining: &Joining, hello: &Hello) -> anyhow::Result<()> {
    let me = &joining.me;
    let mut members = hello.members.iter().chain([&hello.member]);
    let Some(other) = members.find(|other| other.name == me.name && other.address != me.address) else {
        return Ok(());
    };
    let asking = Joining { seeds: vec![other.address.to_string()], ..joining.clone() };
    if asking.hello_once().await?.is_some_and(|answer| answer.member.name == me.name) {
        bail!("there is a node {} at {} already: choose another with --name", me.name, other.address);
    }
    Ok(())
}

fn seen_by(hello: &Hello) -> Vec<NodeName> {
    hello.members.iter().chain([&hello.member]).map(|member| member.name.clone()).collect()
}

async fn open(data: &Data) -> anyhow::Result<LocalRegistry> {
    match data {
        Data::Memory => Ok(LocalRegistry::in_memory()?),
        Data::Folder(folder) => {
            let opened = LocalRegistry::open(folder).await;
            opened.with_context(|| format!("the registry in {} can't be opened", folder.display()))
        }
    }
}
