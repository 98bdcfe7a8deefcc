//! Whose cluster a node is in, and where the names are kept: settled before anything is served.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, bail};
use crowd_cluster::{Hello, Joining, Lines, Member, RemoteRegistry};
use crowd_directory::NodeName;
use crowd_registry::etcd::EtcdAddress;
use crowd_registry::{LocalRegistry, Registry};

use crate::etcd::open_etcd;
use crate::reach::is_me;
use crate::remembered::Remembered;
use crate::{Config, Data, RegistryChoice};

/// How registries in etcd are named, by flags and by nodes to each other.
const ETCD: &str = "etcd://";

/// What a node needs to look for its cluster.
pub(crate) struct Finding<'f> {
    pub(crate) config: &'f Config,
    pub(crate) me: Member,
    pub(crate) lines: &'f Lines,
    /// Where this node's cluster port is.
    pub(crate) bound: SocketAddr,
    pub(crate) remembered: &'f Remembered,
}

/// A cluster, and its registry.
pub(crate) struct Found {
    pub(crate) registry: Arc<dyn Registry>,
    /// The same, where this node keeps it for all.
    pub(crate) kept: Option<Arc<dyn Registry>>,
    /// Where it is, as the flag `--registry` has it.
    pub(crate) keeper: String,
    /// Who told of the cluster.
    pub(crate) greeted: Option<Member>,
    /// Who is in it.
    pub(crate) expected: Vec<NodeName>,
}

impl Finding<'_> {
    /// Opens or reaches the registry, and asks who is there. Waits for as long as no node to join answers, where the
    /// registry is another node's, and for as long as etcd does not. Fails where the nodes to join are of another
    /// cluster.
    pub(crate) async fn find(&self) -> anyhow::Result<Found> {
        match &self.config.registry {
            RegistryChoice::Local => self.keep().await,
            RegistryChoice::Auto if self.config.join.is_empty() => self.keep().await,
            RegistryChoice::Auto => self.join(None).await,
            RegistryChoice::Node(keeper) if is_me(keeper, &self.me.address, self.bound).await => {
                self.keep().await
            }
            RegistryChoice::Node(keeper) => self.join(Some(keeper)).await,
            RegistryChoice::Etcd(address) => self.share(address).await,
        }
    }

    /// The registry is here.
    async fn keep(&self) -> anyhow::Result<Found> {
        let registry: Arc<dyn Registry> = Arc::new(open(&self.config.data).await?);
        let keeper = format!("node://{}", self.me.address);
        let hello = self.greet(&registry, &keeper).await?;
        Ok(Found::of(registry.clone(), Some(registry), keeper, hello))
    }

    /// The registry is in etcd, where this node finds it without any other.
    async fn share(&self, address: &EtcdAddress) -> anyhow::Result<Found> {
        let registry = open_etcd(address, &self.config.etcd, None).await?;
        let keeper = address.to_string();
        let hello = self.greet(&registry, &keeper).await?;
        Ok(Found::of(registry, None, keeper, hello))
    }

    /// The registry is where the cluster to join has it, or at the node `keeper`.
    async fn join(&self, keeper: Option<&String>) -> anyhow::Result<Found> {
        let seeds = self.config.join.iter().chain(keeper).cloned().collect();
        let joining = self.joining(seeds, None);
        let hello = joining.hello().await?;
        refuse_a_name_that_is_taken(&joining, &hello).await?;
        let keeper = match keeper {
            Some(keeper) => format!("node://{keeper}"),
            None => hello.keeper.clone(),
        };
        refuse_another_kind(&keeper, &hello)?;
        let registry: Arc<dyn Registry> = if keeper.starts_with(ETCD) {
            let address: EtcdAddress = keeper.parse().map_err(anyhow::Error::msg)?;
            open_etcd(&address, &self.config.etcd, Some(&hello.cluster_id)).await?
        } else {
            let id = hello.cluster_id.clone();
            Arc::new(RemoteRegistry::connect(&keeper, id, &self.me.name, self.lines)?)
        };
        Ok(Found::of(registry, None, keeper, Some(hello)))
    }

    /// What a node to join says, where one answers. Fails where it is of another cluster than `registry`.
    async fn greet(&self, registry: &Arc<dyn Registry>, keeper: &str) -> anyhow::Result<Option<Hello>> {
        let joining = self.joining(self.config.join.clone(), Some(registry.id().to_owned()));
        let hello = match joining.hello_once().await? {
            None => self.remembered.ask(joining.clone()).await,
            told => told,
        };
        if let Some(hello) = &hello {
            refuse_a_name_that_is_taken(&joining, hello).await?;
            refuse_another_kind(keeper, hello)?;
        }
        Ok(hello)
    }

    fn joining(&self, seeds: Vec<String>, cluster_id: Option<String>) -> Joining {
        Joining { me: self.me.clone(), seeds, cluster_id, lines: self.lines.clone() }
    }
}

impl Found {
    fn of(
        registry: Arc<dyn Registry>,
        kept: Option<Arc<dyn Registry>>,
        keeper: String,
        hello: Option<Hello>,
    ) -> Self {
        let expected = hello.iter().flat_map(|hello| hello.members.iter().chain([&hello.member]));
        let expected = expected.map(|member| member.name.clone()).collect();
        Self { registry, kept, keeper, expected, greeted: hello.map(|hello| hello.member) }
    }
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

/// A registry that was copied into etcd has the same id there: nodes that still use the old one and nodes that use the
/// new one would take each other for one cluster, and give the same name away twice.
fn refuse_another_kind(keeper: &str, hello: &Hello) -> anyhow::Result<()> {
    let theirs = &hello.keeper;
    if !theirs.is_empty() && theirs.starts_with(ETCD) != keeper.starts_with(ETCD) {
        bail!(
            "the node {} uses the registry at {theirs}, and this one is to use {keeper}: \
             stop all nodes of the cluster before it moves from one to the other (--registry)",
            hello.member.name
        );
    }
    Ok(())
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
