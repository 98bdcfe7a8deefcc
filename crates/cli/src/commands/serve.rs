//! `crowd serve`: a discovery node. Flags over environment over file; what nobody set has its default.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use crowd_node::{AppPort, Config, Data, DenyList, Hosting, Node, RegistryChoice, RelayConfig, TlsFiles};
use crowd_telemetry::Metrics;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::exit::Failure;
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

    /// A port that serves only the landing page, or leads to https [default: 80, where it can be bound]
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

    /// PEM file of the public port's certificate: it speaks https and wss then; needs --tls-key
    ///
    /// The certificate comes first, then those that lead from it to the authority. With --domain D a wildcard for *.D is
    /// wanted, since every project has its own origin PROJECT.D. Replaced files are taken without a restart.
    #[arg(long, env = "CROWD_TLS_CERT", value_name = "F", help_heading = "TLS")]
    tls_cert: Option<PathBuf>,

    /// PEM file of that certificate's private key: PKCS#8, SEC1 or RSA, not encrypted
    #[arg(long, env = "CROWD_TLS_KEY", value_name = "F", help_heading = "TLS")]
    tls_key: Option<PathBuf>,

    /// Whether visitors' browsers host what they visit: notice, ask or off [default: notice]
    ///
    /// With notice they do, say so, and have a switch for it; with ask they upload nothing before the visitor agrees;
    /// with off they never host.
    #[arg(long, env = "CROWD_HOSTING", value_name = "HOW", value_parser = hosting_text)]
    hosting: Option<String>,

    /// What a visitor's browser uploads of a project in a day at most, for example 1GiB [default: 512MiB]
    ///
    /// The browser app keeps to it. A page that uploads twice as much on one connection, whatever runs in it, is asked
    /// no more that day. Programs, such as `crowd host`, have no such limit.
    #[arg(long, env = "CROWD_BROWSER_UPLOAD_BYTES", value_name = "N", value_parser = size_text)]
    browser_upload_bytes: Option<String>,

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
            tls_cert: self.tls_cert.or(file.tls_cert),
            tls_key: self.tls_key.or(file.tls_key),
            hosting: self.hosting.or(file.hosting),
            browser_upload_bytes: self.browser_upload_bytes.or(file.browser_upload_bytes),
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
        let hosting = match &self.hosting {
            Some(text) => text.parse().map_err(anyhow::Error::msg).context("--hosting")?,
            None => defaults.hosting,
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
            tls: tls_files(self.tls_cert, self.tls_key)?,
            hosting,
            upload_bytes_per_day: bytes(
                "--browser-upload-bytes",
                self.browser_upload_bytes,
                defaults.upload_bytes_per_day,
            )?,
            relay,
            max_peers: self.max_peers.unwrap_or(defaults.max_peers),
            deny,
            metrics: Some(Metrics::install()?),
            ..defaults
        })
    }
}

/// Both, or neither.
fn tls_files(cert: Option<PathBuf>, key: Option<PathBuf>) -> Result<Option<TlsFiles>, Failure> {
    // CROWD_TLS_CERT= in a deployment's environment means none.
    let [cert, key] = [cert, key].map(|file| file.filter(|file| !file.as_os_str().is_empty()));
    let lacks = |given, other| {
        Failure::Usage(format!("{given} needs {other}: a certificate and its key go together"))
    };
    match (cert, key) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (None, None) => Ok(None),
        (Some(_), None) => Err(lacks("--tls-cert", "--tls-key")),
        (None, Some(_)) => Err(lacks("--tls-key", "--tls-cert")),
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

fn hosting_text(text: &str) -> Result<String, String> {
    text.parse::<Hosting>().map(|_| text.to_owned())
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
    fn a_certificate_and_its_key_go_together() {
        let with = |cert: Option<&str>, key: Option<&str>| ServeArgs {
            tls_cert: cert.map(PathBuf::from),
            tls_key: key.map(PathBuf::from),
            data: Some("d".into()),
            ..ServeArgs::default()
        };
        let tls = |args: ServeArgs| args.into_config().map(|config| config.tls);
        let both = Some(TlsFiles { cert: "c".into(), key: "k".into() });
        assert_eq!(tls(with(Some("c"), Some("k"))).unwrap(), both);
        assert_eq!(tls(with(None, None)).unwrap(), None);
        assert_eq!(tls(with(Some(""), Some(""))).unwrap(), None);
        let file: ServeArgs = toml::from_str("tls-key = \"k\"").unwrap();
        assert_eq!(tls(with(Some("c"), None).or(file)).unwrap(), both);
        for (args, lacks) in [(with(Some("c"), None), "--tls-key"), (with(None, Some("k")), "--tls-cert")] {
            let error = tls(args).unwrap_err();
            assert!(error.to_string().contains(&format!("needs {lacks}")), "{error}");
            assert!(matches!(error.downcast_ref(), Some(Failure::Usage(_))));
        }
    }

    #[test]
    fn how_browsers_host_is_said_by_flags_and_file() {
        let file: ServeArgs =
            toml::from_str("hosting = \"ask\"\nbrowser-upload-bytes = \"1MiB\"\ndata = \"d\"").unwrap();
        let config = file.into_config().unwrap();
        assert_eq!((config.hosting, config.upload_bytes_per_day), (Hosting::Ask, 1 << 20));
        let plain = ServeArgs { data: Some("d".into()), ..ServeArgs::default() }.into_config().unwrap();
        assert_eq!((plain.hosting, plain.upload_bytes_per_day), (Hosting::Notice, 536_870_912));
        let wrong: ServeArgs = toml::from_str("hosting = \"sometimes\"\ndata = \"d\"").unwrap();
        let error = format!("{:#}", wrong.into_config().unwrap_err());
        assert!(error.starts_with("--hosting: \"sometimes\""), "{error}");
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("f", Some("2MiB".into()), 0).unwrap(), 2 << 20);
        assert_eq!(bytes("f", Some("0".into()), 7).unwrap(), 0);
        assert!(bytes("f", Some("much".into()), 0).is_err());
    }
}
