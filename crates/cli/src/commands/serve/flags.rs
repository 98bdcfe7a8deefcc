//! What can be said about a node: each field is a flag, a variable of the environment and a key of the config file.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use crowd_node::{Config, Hosting, RegistryChoice};

use super::cluster_flags::ClusterFlags;
use super::said;
use super::tls_flags::TlsFlags;
use super::trace_flags::TraceFlags;
use super::units::{ByteCount, Period};
use crate::etcd_flags::EtcdFlags;

/// Run a discovery node.
///
/// It introduces peers to each other, relays and verifies what they send, and keeps no content of its own.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  crowd serve
      one node on http://127.0.0.1:7000 that keeps the names itself
  crowd serve --host 127.0.0.2 --join 127.0.0.1:7001
      a second node on this machine, which joins the first
  crowd serve --host 0.0.0.0 --public-url https://discovery.example.org --domain example.org
      a node for the world, behind a proxy that speaks TLS
  crowd serve --host 0.0.0.0 --port 443 --tls-cert fullchain.pem --tls-key privkey.pem \\
              --public-url https://discovery.example.org --domain example.org
      a node for the world that speaks TLS itself

TLS and --domain:
  Every project has an origin of its own, PROJECT.DOMAIN, and browsers host it only where that is
  https. So the certificate is a wildcard for *.DOMAIN, whatever projects will be called; it is good
  for a node's own name below it, such as discovery.DOMAIN, but not for DOMAIN itself. Authorities
  give wildcards to whoever can change the domain's DNS, where *.DOMAIN has to lead to the node.
  The files are looked at every two seconds: new ones are served without a restart, broken ones are
  logged and not used.

TLS between nodes:
  crowd certs --out certs n1 n2        makes an authority, and a certificate for each node
  crowd serve --cluster-host 0.0.0.0 --cluster-advertise n1:7001 --cluster-ca certs/ca.crt \\
              --cluster-cert certs/n1.crt --cluster-key certs/n1.key
      a node that other machines may join, if they show a certificate of the same authority

Stopping:
  Told to stop (SIGTERM or Ctrl-C), a node is no longer ready at once, sends its peers to the other
  nodes, answers what is in flight, hands over what it knows and leaves, within --drain-delay and
  --grace. Told again, it stops at once.

Every flag is also CROWD_… in the environment and a key of the --config file.
A flag wins over the environment, and the environment over the file.")]
pub(crate) struct ServeArgs {
    /// Where the public port listens
    ///
    /// A loopback address also moves the cluster and admin listeners there; a public one never exposes them.
    #[arg(long, env = "CROWD_HOST", value_name = "IP", default_value_t = defaults().host)]
    pub(super) host: IpAddr,

    /// The public port: WebSocket and HTTP; 0 picks a free one
    #[arg(long, env = "CROWD_PORT", default_value_t = defaults().port)]
    pub(super) port: u16,

    /// A port that serves only the landing page, or leads to https [default: 80, where it can be bound]
    #[arg(long, env = "CROWD_APP_PORT", value_name = "PORT")]
    pub(super) app_port: Option<u16>,

    /// Where other nodes reach this one; never open it to the public [default: 127.0.0.1]
    ///
    /// One that other machines reach needs certificates: see --cluster-ca.
    #[arg(long, env = "CROWD_CLUSTER_HOST", value_name = "IP")]
    pub(super) cluster_host: Option<IpAddr>,

    /// gRPC between nodes; 0 picks a free one
    #[arg(long, env = "CROWD_CLUSTER_PORT", value_name = "PORT", default_value_t = defaults().cluster_port)]
    pub(super) cluster_port: u16,

    /// What other nodes are told to reach this one by [default: what was bound]
    #[arg(long, env = "CROWD_CLUSTER_ADVERTISE", value_name = "HOST:PORT", value_parser = said::place)]
    pub(super) cluster_advertise: Option<String>,

    /// Where the operator reaches this node; never open it to the public [default: 127.0.0.1]
    #[arg(long, env = "CROWD_ADMIN_HOST", value_name = "IP")]
    pub(super) admin_host: Option<IpAddr>,

    /// Health, metrics and status; 0 picks a free one
    #[arg(long, env = "CROWD_ADMIN_PORT", value_name = "PORT", default_value_t = defaults().admin_port)]
    pub(super) admin_port: u16,

    /// What links and peers are told: http:// or https:// and a host [default: what was bound]
    #[arg(long, env = "CROWD_PUBLIC_URL", value_name = "URL", value_parser = said::public_url)]
    pub(super) public_url: Option<String>,

    /// This node's name, unique in the cluster [default: made of the address for other nodes]
    #[arg(long, env = "CROWD_NAME", value_name = "NODE", value_parser = said::name)]
    pub(super) name: Option<String>,

    /// The cluster address of a node to join by; several may be given
    #[arg(long, env = "CROWD_JOIN", value_name = "HOST:PORT", value_delimiter = ',', value_parser = said::place)]
    pub(super) join: Vec<String>,

    /// Where names are kept: local, node://HOST:PORT of the node that keeps them, or etcd://HOST:PORT,HOST:PORT
    ///
    /// Without --join the default is local; with it, whatever the joined cluster uses. node:// may name this node
    /// itself, so that every node of a deployment can have the same flags. With etcd any node may die; nodes find each
    /// other by --join all the same. Its keys are below /crowd/, or another prefix: etcd://a:2379,b:2379/sites/
    #[arg(long, env = "CROWD_REGISTRY", value_name = "WHERE")]
    pub(super) registry: Option<RegistryChoice>,

    /// Folder of the registry, where this node keeps it [default: a folder of this user, by the node's port]
    #[arg(long, env = "CROWD_DATA", value_name = "DIR")]
    pub(super) data: Option<PathBuf>,

    /// Give each project an origin of its own under this domain (PROJECT.DOMAIN)
    #[arg(long, env = "CROWD_DOMAIN", value_name = "D", value_parser = said::domain)]
    pub(super) domain: Option<String>,

    /// Whether visitors' browsers host what they visit: notice, ask or off
    ///
    /// With notice they do, say so, and have a switch for it; with ask they upload nothing before the visitor agrees;
    /// with off they never host.
    #[arg(long, env = "CROWD_HOSTING", value_name = "HOW", default_value_t = defaults().hosting)]
    pub(super) hosting: Hosting,

    /// What a visitor's browser uploads of a project in a day at most, for example 1GiB
    ///
    /// The browser app keeps to it. A page that uploads twice as much on one connection, whatever runs in it, is asked
    /// no more that day. Programs, such as `crowd host`, have no such limit.
    #[arg(long, env = "CROWD_BROWSER_UPLOAD_BYTES", value_name = "N")]
    #[arg(default_value_t = ByteCount(defaults().upload_bytes_per_day))]
    pub(super) browser_upload_bytes: ByteCount,

    /// Memory for verified chunks, for example 512MiB; 0 keeps none
    #[arg(long, env = "CROWD_CACHE_BYTES", value_name = "N")]
    #[arg(default_value_t = ByteCount(defaults().relay.cache_bytes))]
    pub(super) cache_bytes: ByteCount,

    /// Memory for answers on their way through this node
    #[arg(long, env = "CROWD_ROOM_BYTES", value_name = "N")]
    #[arg(default_value_t = ByteCount(defaults().relay.room_bytes))]
    pub(super) room_bytes: ByteCount,

    /// Connections of peers at most
    #[arg(long, env = "CROWD_MAX_PEERS", value_name = "N", default_value_t = defaults().max_peers)]
    pub(super) max_peers: usize,

    /// Do not carry this project; a name, or the SHA-256 of one; several may be given
    #[arg(long, env = "CROWD_DENY", value_name = "PROJECT", value_delimiter = ',', value_parser = said::denied)]
    pub(super) deny: Vec<String>,

    #[command(flatten)]
    pub(super) etcd: EtcdFlags,

    #[command(flatten)]
    pub(super) tls: TlsFlags,

    #[command(flatten)]
    pub(super) traces: TraceFlags,

    #[command(flatten)]
    pub(super) cluster: ClusterFlags,

    /// How long a stopping node serves on, no longer ready, before it sends its peers away
    ///
    /// A load balancer needs that time to notice, and to send new visitors elsewhere.
    #[arg(long, env = "CROWD_DRAIN_DELAY", value_name = "TIME", help_heading = "Stopping")]
    #[arg(default_value_t = Period(defaults().drain_delay))]
    pub(super) drain_delay: Period,

    /// Over how long a stopping node's peers are spread, so that they do not all arrive elsewhere at once
    #[arg(long, env = "CROWD_GOAWAY_SPREAD", value_name = "TIME", help_heading = "Stopping")]
    #[arg(default_value_t = Period(defaults().goaway_spread))]
    pub(super) goaway_spread: Period,

    /// How long a stopping node waits for its peers to go and for answers to end
    #[arg(long, env = "CROWD_GRACE", value_name = "TIME", help_heading = "Stopping")]
    #[arg(default_value_t = Period(defaults().grace))]
    pub(super) grace: Period,

    /// Read settings from this TOML file
    #[arg(long, env = "CROWD_CONFIG", value_name = "F.toml")]
    pub(crate) config: Option<PathBuf>,
}

fn defaults() -> Config {
    Config::default()
}
