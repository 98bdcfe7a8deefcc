//! Everything that can be set about a node. Reading it from flags, environment and file is for the command.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use crowd_cluster::ClusterTlsFiles;
use crowd_gateway::{DEFAULT_UPLOAD_BYTES_PER_DAY, Hosting, TlsFiles};
use crowd_registry::etcd::{EtcdAccess, EtcdAddress};
use crowd_relay::{DenyList, RelayConfig};
use crowd_telemetry::Metrics;

use crate::checks::{check_domain, check_name, check_place, check_public_url};

/// A node's settings. Port 0 picks a free port everywhere.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the public port listens.
    pub host: IpAddr,
    /// WebSocket, HTTP gateway, browser app.
    pub port: u16,
    /// The port that serves only the browser app.
    pub app_port: AppPort,
    /// Where other nodes reach this one; no stranger should.
    pub cluster_host: IpAddr,
    /// gRPC between nodes.
    pub cluster_port: u16,
    /// This node's certificate for the cluster port, and whom it trusts there; none where nodes speak plain.
    pub cluster_tls: Option<ClusterTlsFiles>,
    /// The cluster port may be plain where others than this machine reach it.
    pub insecure_cluster: bool,
    /// `HOST:PORT` that other nodes are told; the bound address where it is none.
    pub cluster_advertise: Option<String>,
    /// Where the operator reaches this node; no stranger should.
    pub admin_host: IpAddr,
    /// Health, metrics, status.
    pub admin_port: u16,
    /// What links and `welcome.nodes` tell the world; the bound address where it is none. One that means every
    /// interface is told to nobody else.
    pub public_url: Option<String>,
    /// Unique in the cluster; made of the address for other nodes where it is none.
    pub name: Option<String>,
    /// `HOST:PORT` of nodes to join by.
    pub join: Vec<String>,
    /// Where names are kept.
    pub registry: RegistryChoice,
    /// What etcd asks of its clients, where names are kept there.
    pub etcd: EtcdAccess,
    /// Where this node's own registry is, where it keeps one.
    pub data: Data,
    /// Projects have their own origins under this domain.
    pub domain: Option<String>,
    /// The certificate of the public port and its key; none where it speaks plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Whether the browsers of visitors host what they visit.
    pub hosting: Hosting,
    /// Bytes that a browser uploads of a project within a day. The app is told, and keeps to it; a page that answered
    /// twice as many on one connection is asked no more.
    pub upload_bytes_per_day: u64,
    /// Bounds and time-outs of the relay.
    pub relay: RelayConfig,
    /// Between pings of a peer.
    pub heartbeat: Duration,
    /// Connections of peers at most.
    pub max_peers: usize,
    /// How long a leaving node serves on, no longer ready, before it sends its peers away.
    pub drain_delay: Duration,
    /// Over how long the peers of a leaving node are spread.
    pub goaway_spread: Duration,
    /// How long a leaving node waits for its peers to go.
    pub grace: Duration,
    /// What this cluster does not carry.
    pub deny: DenyList,
    /// The process's metrics, where they are installed.
    pub metrics: Option<Metrics>,
}

impl Default for Config {
    fn default() -> Self {
        let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            host: loopback,
            port: 7000,
            app_port: AppPort::Off,
            cluster_host: loopback,
            cluster_port: 7001,
            cluster_tls: None,
            insecure_cluster: false,
            cluster_advertise: None,
            admin_host: loopback,
            admin_port: 7002,
            public_url: None,
            name: None,
            join: Vec::new(),
            registry: RegistryChoice::Auto,
            etcd: EtcdAccess::default(),
            data: Data::Memory,
            domain: None,
            tls: None,
            hosting: Hosting::default(),
            upload_bytes_per_day: DEFAULT_UPLOAD_BYTES_PER_DAY,
            relay: RelayConfig::default(),
            heartbeat: Duration::from_secs(30),
            max_peers: 50_000,
            drain_delay: Duration::ZERO,
            goaway_spread: Duration::from_secs(5),
            grace: Duration::from_secs(30),
            deny: DenyList::default(),
            metrics: None,
        }
    }
}

impl Config {
    /// A node for tests and demonstrations: every port free, names in memory, nothing waited for at the end.
    pub fn ephemeral() -> Self {
        Self {
            port: 0,
            cluster_port: 0,
            admin_port: 0,
            goaway_spread: Duration::from_millis(200),
            grace: Duration::from_secs(1),
            ..Self::default()
        }
    }
}

impl Config {
    /// Refuses what can be seen to be wrong before anything is bound, and names the flag.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        if let Some(url) = &self.public_url {
            said("--public-url", url, check_public_url)?;
            if self.tls.is_some() && !url.starts_with("https://") {
                anyhow::bail!("--public-url: {url} is not https://, which the port speaks with --tls-cert");
            }
        }
        self.check_cluster_tls()?;
        self.name.iter().try_for_each(|name| said("--name", name, check_name))?;
        self.domain.iter().try_for_each(|domain| said("--domain", domain, check_domain))?;
        self.join.iter().try_for_each(|seed| said("--join", seed, check_place))?;
        if let RegistryChoice::Node(keeper) = &self.registry {
            said("--registry", keeper, check_place)?;
        }
        self.cluster_advertise.iter().try_for_each(|place| said("--cluster-advertise", place, check_place))
    }

    /// Whoever reaches a plain cluster port is taken for a node, and may tell the others what is hosted where.
    fn check_cluster_tls(&self) -> anyhow::Result<()> {
        let (host, flags) = (self.cluster_host, "--cluster-ca, --cluster-cert and --cluster-key");
        match (&self.cluster_tls, self.insecure_cluster) {
            (Some(_), true) => anyhow::bail!(
                "--insecure-cluster: there is a certificate for the cluster port; leave out the one or the other"
            ),
            (None, false) if !host.to_canonical().is_loopback() => anyhow::bail!(
                "--cluster-host: {host} can be reached from other machines, and nothing would tell nodes from strangers \
                 there: give each node a certificate with {flags} (`crowd certs` makes a set), or, where the network \
                 lets only nodes in, say --insecure-cluster"
            ),
            _ => Ok(()),
        }
    }
}

fn said(flag: &'static str, what: &str, check: fn(&str) -> Result<(), String>) -> anyhow::Result<()> {
    check(what).map_err(anyhow::Error::msg).context(flag)
}

/// The port of the browser app alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppPort {
    /// None.
    Off,
    /// This one; where it can't be had, one warning and go on.
    Try(u16),
    /// This one; where it can't be had, an error.
    Require(u16),
}

/// Where the names of a cluster are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RegistryChoice {
    /// Here where this node joins nobody; else wherever the joined cluster keeps it.
    Auto,
    /// Here.
    Local,
    /// On the node with this cluster address, which may be this one.
    Node(String),
    /// In etcd.
    Etcd(EtcdAddress),
}

impl std::str::FromStr for RegistryChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            Some(("node", address)) if check_place(address).is_ok() => Ok(Self::Node(address.to_owned())),
            Some(("etcd", _)) => text.parse().map(Self::Etcd),
            None if text == "local" => Ok(Self::Local),
            _ => Err(format!(
                "{text:?} is no registry: it is local, node://HOST:PORT or etcd://HOST:PORT,HOST:PORT"
            )),
        }
    }
}

/// Where a registry that is kept here is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// Nowhere: it is gone with the process.
    Memory,
    /// In this folder.
    Folder(PathBuf),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_place_is_refused_with_its_flag() {
        let plain = Config::ephemeral();
        assert!(plain.check().is_ok());
        let tls = Some(TlsFiles { cert: "tls.crt".into(), key: "tls.key".into() });
        let public_url = Some("https://n1".to_owned());
        assert!(Config { public_url, tls: tls.clone(), ..plain.clone() }.check().is_ok());
        assert!(
            Config { join: vec!["n1:7001".into(), "[::1]:7001".into()], ..plain.clone() }.check().is_ok()
        );
        for (config, flag) in [
            (Config { join: vec!["n1".into()], ..plain.clone() }, "--join"),
            (Config { join: vec![String::new()], ..plain.clone() }, "--join"),
            (Config { registry: RegistryChoice::Node("n1:0".into()), ..plain.clone() }, "--registry"),
            (Config { cluster_advertise: Some(":7001".into()), ..plain.clone() }, "--cluster-advertise"),
            (Config { public_url: Some("n1".into()), ..plain.clone() }, "--public-url"),
            (Config { name: Some(String::new()), ..plain.clone() }, "--name"),
            (Config { domain: Some("*.example.org".into()), ..plain.clone() }, "--domain"),
            (
                Config { public_url: Some("http://n1".into()), tls: tls.clone(), ..plain.clone() },
                "--public-url",
            ),
        ] {
            let error = format!("{:#}", config.check().unwrap_err());
            assert!(error.starts_with(flag), "{error}");
        }
    }

    #[test]
    fn a_cluster_port_for_others_needs_certificates_or_a_word_that_it_does_not() {
        let open = Config { cluster_host: "10.0.0.1".parse().unwrap(), ..Config::ephemeral() };
        let error = open.check().unwrap_err().to_string();
        for way_out in ["--cluster-host: ", "--cluster-ca", "crowd certs", "--insecure-cluster"] {
            assert!(error.contains(way_out), "{error}");
        }
        let insecure = Config { insecure_cluster: true, ..open.clone() };
        assert!(insecure.check().is_ok());
        let files = ClusterTlsFiles { ca: "ca.crt".into(), cert: "n1.crt".into(), key: "n1.key".into() };
        let secure = Config { cluster_tls: Some(files), ..open };
        assert!(secure.check().is_ok());
        let both = Config { insecure_cluster: true, ..secure };
        assert!(both.check().unwrap_err().to_string().starts_with("--insecure-cluster: "));
    }
}
