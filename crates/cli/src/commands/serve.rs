//! `crowd serve`: a discovery node. Flags over environment over file; what nobody set has its default.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use crowd_node::{AppPort, Config, Data, DenyList, Node, RegistryChoice, RelayConfig};
use crowd_telemetry::Metrics;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::signals::stop_signal;

/// The port that serves only the browser app, where nobody names another.
const APP_PORT: u16 = 80;
/// The exit code where nobody waited for the node to leave in good order, as shells have it for an interrupt.
const STOPPED_AT_ONCE: i32 = 130;

/// Run a discovery node.
///
/// It introduces peers to each other, relays and verifies what they send, and keeps no content of its own.
#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
#[command(after_long_help = "\
Examples:
  crowd serve
      one node on http://127.0.0.1:7000 that keeps the names itself
  crowd serve --host 127.0.0.2 --join 127.0.0.1:7001
      a second node on this machine, which joins the first
  crowd serve --host 0.0.0.0 --public-url https://discovery.example.org --domain example.org
      a node for the world, behind a proxy that speaks TLS

Every flag is also CROWD_… in the environment and a key of the --config file.
A flag wins over the environment, and the environment over the file.")]
pub(crate) struct ServeArgs {
    /// Where the public port listens [default: 127.0.0.1]
    ///
    /// A loopback address also moves the cluster and admin listeners there; a public one never exposes them.
    #[arg(long, env = "CROWD_HOST", value_name = "IP")]
    host: Option<IpAddr>,

    /// The public port: WebSocket and HTTP; 0 picks a free one [default: 7000]
    #[arg(long, env = "CROWD_PORT")]
    port: Option<u16>,

    /// A port that serves only the landing page [default: 80, where it can be bound]
    #[arg(long, env = "CROWD_APP_PORT", value_name = "PORT")]
    app_port: Option<u16>,

    /// Where other nodes reach this one; never open it to the public [default: 127.0.0.1]
    #[arg(long, env = "CROWD_CLUSTER_HOST", value_name = "IP")]
    cluster_host: Option<IpAddr>,

    /// gRPC between nodes; 0 picks a free one [default: 7001]
    #[arg(long, env = "CROWD_CLUSTER_PORT", value_name = "PORT")]
    cluster_port: Option<u16>,

    /// What other nodes are told to reach this one by [default: what was bound]
    #[arg(long, env = "CROWD_CLUSTER_ADVERTISE", value_name = "HOST:PORT")]
    cluster_advertise: Option<String>,

    /// Where the operator reaches this node; never open it to the public [default: 127.0.0.1]
    #[arg(long, env = "CROWD_ADMIN_HOST", value_name = "IP")]
    admin_host: Option<IpAddr>,

    /// Health, metrics and status; 0 picks a free one [default: 7002]
    #[arg(long, env = "CROWD_ADMIN_PORT", value_name = "PORT")]
    admin_port: Option<u16>,

    /// What links and peers are told: http:// or https:// and a host [default: what was bound]
    #[arg(long, env = "CROWD_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,

    /// This node's name, unique in the cluster [default: made of the address for other nodes]
    #[arg(long, env = "CROWD_NAME", value_name = "NODE")]
    name: Option<String>,

    /// The cluster address of a node to join by; several may be given
    #[arg(long, env = "CROWD_JOIN", value_name = "HOST:PORT", value_delimiter = ',')]
    join: Vec<String>,

    /// Where names are kept: local, or node://HOST:PORT of the node that keeps them for all
    ///
    /// Without --join the default is local; with it, whatever the joined cluster uses. node:// may name this node
    /// itself, so that every node of a deployment can have the same flags.
    #[arg(long, env = "CROWD_REGISTRY", value_name = "WHERE", value_parser = registry_text)]
    registry: Option<String>,

    /// Folder of the registry, where this node keeps it [default: a folder of this user, by the node's port]
    #[arg(long, env = "CROWD_DATA", value_name = "DIR")]
    data: Option<PathBuf>,

    /// Give each project an origin of its own under this domain (PROJECT.DOMAIN)
    #[arg(long, env = "CROWD_DOMAIN", value_name = "D")]
    domain: Option<String>,

    /// Memory for verified chunks, for example 512MiB; 0 keeps none [default: 256MiB]
    #[arg(long, env = "CROWD_CACHE_BYTES", value_name = "N", value_parser = size_text)]
    cache_bytes: Option<String>,

    /// Memory for answers on their way through this node [default: 256MiB]
    #[arg(long, env = "CROWD_ROOM_BYTES", value_name = "N", value_parser = size_text)]
    room_bytes: Option<String>,

    /// Connections of peers at most [default: 50000]
    #[arg(long, env = "CROWD_MAX_PEERS", value_name = "N")]
    max_peers: Option<usize>,

    /// Do not carry this project; a name, or the SHA-256 of one; several may be given
    #[arg(long, env = "CROWD_DENY", value_name = "PROJECT", value_delimiter = ',')]
    deny: Vec<String>,

    /// Read settings from this TOML file
    #[arg(long, env = "CROWD_CONFIG", value_name = "F.toml")]
    #[serde(skip)]
    config: Option<PathBuf>,
}

impl ServeArgs {
    /// Runs the node until it is told to stop.
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let config = self.with_file()?.into_config()?;
        let shutdown = CancellationToken::new();
        let node = Node::bind(config).await?;
        println!("{}", node.addresses());
        let stopping = shutdown.clone();
        let signal = tokio::spawn(async move {
            stop_signal().await;
            tracing::info!("node.stopping");
            stopping.cancel();
            stop_signal().await;
            tracing::warn!("node.stopped_at_once");
            std::process::exit(STOPPED_AT_ONCE);
        });
        let served = node.run(shutdown).await;
        signal.abort();
        served
    }

    /// Fills what is not set from the file.
    fn with_file(self) -> anyhow::Result<Self> {
        let Some(path) = self.config.clone() else { return Ok(self) };
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("the config file {} can't be read", path.display()))?;
        let file: Self = toml::from_str(&text).with_context(|| format!("in {}", path.display()))?;
        Ok(self.or(file))
    }

    fn or(self, file: Self) -> Self {
        let several = |own: Vec<String>, file: Vec<String>| if own.is_empty() { file } else { own };
        Self {
            host: self.host.or(file.host),
            port: self.port.or(file.port),
            app_port: self.app_port.or(file.app_port),
            cluster_host: self.cluster_host.or(file.cluster_host),
            cluster_port: self.cluster_port.or(file.cluster_port),
            cluster_advertise: self.cluster_advertise.or(file.cluster_advertise),
            admin_host: self.admin_host.or(file.admin_host),
            admin_port: self.admin_port.or(file.admin_port),
            public_url: self.public_url.or(file.public_url),
            name: self.name.or(file.name),
            join: several(self.join, file.join),
            registry: self.registry.or(file.registry),
            data: self.data.or(file.data),
            domain: self.domain.or(file.domain),
            cache_bytes: self.cache_bytes.or(file.cache_bytes),
            room_bytes: self.room_bytes.or(file.room_bytes),
            max_peers: self.max_peers.or(file.max_peers),
            deny: several(self.deny, file.deny),
            config: self.config,
        }
    }

    fn into_config(self) -> anyhow::Result<Config> {
        let defaults = Config::default();
        let host = self.host.unwrap_or(defaults.host);
        let inner = if host.is_loopback() { host } else { defaults.cluster_host };
        let port = self.port.unwrap_or(defaults.port);
        let registry = match &self.registry {
            Some(text) => text.parse().map_err(anyhow::Error::msg).context("--registry")?,
            None => RegistryChoice::Auto,
        };
        let data = match self.data {
            Some(folder) => folder,
            None => default_data(host, port)?,
        };
        let relay = RelayConfig {
            cache_bytes: bytes("--cache-bytes", self.cache_bytes, defaults.relay.cache_bytes)?,
            room_bytes: bytes("--room-bytes", self.room_bytes, defaults.relay.room_bytes)?,
            ..defaults.relay.clone()
        };
        let deny = DenyList::parse(self.deny.iter().map(String::as_str)).context("--deny")?;
        Ok(Config {
            host,
            port,
            app_port: self.app_port.map_or(AppPort::Try(APP_PORT), AppPort::Require),
            cluster_host: self.cluster_host.unwrap_or(inner),
            cluster_port: self.cluster_port.unwrap_or(defaults.cluster_port),
            cluster_advertise: self.cluster_advertise,
            admin_host: self.admin_host.unwrap_or(inner),
            admin_port: self.admin_port.unwrap_or(defaults.admin_port),
            public_url: self.public_url,
            name: self.name,
            // CROWD_JOIN= in a deployment's environment means nobody.
            join: self.join.into_iter().filter(|seed| !seed.is_empty()).collect(),
            registry,
            data: Data::Folder(data),
            domain: self.domain,
            relay,
            max_peers: self.max_peers.unwrap_or(defaults.max_peers),
            deny,
            metrics: Some(Metrics::install()?),
            ..defaults
        })
    }
}

/// A folder of this user for the node at this address.
fn default_data(host: IpAddr, port: u16) -> anyhow::Result<PathBuf> {
    let dirs = directories::ProjectDirs::from("", "", "crowd")
        .context("this user has no home folder; name one for the registry with --data")?;
    let name = format!("node-{host}-{port}").replace(':', "-");
    Ok(Path::new(dirs.data_dir()).join(name))
}

/// Checked while the command line is read, so that a mistake in it is one of the command line.
fn registry_text(text: &str) -> Result<String, String> {
    text.parse::<RegistryChoice>().map(|_| text.to_owned())
}

fn size_text(text: &str) -> Result<String, String> {
    bytes("a size", Some(text.to_owned()), 0).map(|_| text.to_owned()).map_err(|error| format!("{error:#}"))
}

/// `4096`, `64KiB`, `512MiB` or `2GiB`.
fn bytes(flag: &str, text: Option<String>, default: u64) -> anyhow::Result<u64> {
    let Some(text) = text else { return Ok(default) };
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim() {
        "" | "B" => 0,
        "KiB" | "K" => 10,
        "MiB" | "M" => 20,
        "GiB" | "G" => 30,
        _ => anyhow::bail!("{flag}: {text:?} is no size; try 0, 4096, 64KiB, 512MiB or 2GiB"),
    };
    let number: u64 = number.parse().with_context(|| format!("{flag}: {text:?} is no size; try 512MiB"))?;
    number.checked_mul(1 << shift).with_context(|| format!("{flag}: {text:?} is too large"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_host_takes_the_inner_ports_along_and_a_public_one_does_not() {
        let at = |host: &str| ServeArgs {
            host: Some(host.parse().unwrap()),
            data: Some("d".into()),
            ..ServeArgs::default()
        };
        let config = at("127.0.0.3").into_config().unwrap();
        assert_eq!((config.cluster_host, config.admin_host), (config.host, config.host));
        let alone = ServeArgs { join: vec![String::new()], ..at("127.0.0.3") };
        assert!(alone.into_config().unwrap().join.is_empty());
        let config = at("0.0.0.0").into_config().unwrap();
        assert!(config.cluster_host.is_loopback() && config.admin_host.is_loopback());
    }

    #[test]
    fn flags_win_over_the_file_and_unknown_keys_are_named() {
        let file: ServeArgs = toml::from_str("port = 1\nadmin-port = 2\njoin = [\"a:1\"]").unwrap();
        let merged = ServeArgs { port: Some(9), ..ServeArgs::default() }.or(file);
        assert_eq!((merged.port, merged.admin_port), (Some(9), Some(2)));
        assert_eq!(merged.join, ["a:1"]);
        let wrong = toml::from_str::<ServeArgs>("prot = 1").unwrap_err();
        assert!(wrong.to_string().contains("prot"), "{wrong}");
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("f", Some("2MiB".into()), 0).unwrap(), 2 << 20);
        assert_eq!(bytes("f", Some("0".into()), 7).unwrap(), 0);
        assert!(bytes("f", Some("much".into()), 0).is_err());
    }
}
