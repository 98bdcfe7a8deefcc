//! From what was said to the settings of a node.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use crowd_node::{AppPort, Config, Data, DenyList, RegistryChoice, RelayConfig};
use crowd_telemetry::Metrics;

use super::ServeArgs;

/// The port that serves only the browser app, where nobody names another.
const APP_PORT: u16 = 80;

impl ServeArgs {
    /// The node's settings, with this process's metrics.
    pub(super) fn into_config(self) -> anyhow::Result<Config> {
        let metrics = Metrics::install()?;
        metrics.build(env!("CROWD_VERSION"));
        let defaults = Config::default();
        let inner = if self.host.is_loopback() { self.host } else { defaults.cluster_host };
        let data = match self.data {
            Some(folder) => folder,
            None => default_data(self.host, self.port)?,
        };
        Ok(Config {
            host: self.host,
            port: self.port,
            app_port: self.app_port.map_or(AppPort::Try(APP_PORT), AppPort::Require),
            cluster_host: self.cluster_host.unwrap_or(inner),
            cluster_port: self.cluster_port,
            insecure_cluster: self.cluster.insecure_cluster,
            cluster_tls: self.cluster.files()?,
            cluster_advertise: self.cluster_advertise,
            admin_host: self.admin_host.unwrap_or(inner),
            admin_port: self.admin_port,
            public_url: self.public_url,
            name: self.name,
            join: self.join,
            registry: self.registry.unwrap_or(RegistryChoice::Auto),
            etcd: self.etcd.access()?,
            data: Data::Folder(data),
            domain: self.domain,
            tls: self.tls.files()?,
            hosting: self.hosting,
            upload_bytes_per_day: self.browser_upload_bytes.0,
            relay: RelayConfig {
                cache_bytes: self.cache_bytes.0,
                room_bytes: self.room_bytes.0,
                ..defaults.relay.clone()
            },
            max_peers: self.max_peers,
            deny: DenyList::parse(self.deny.iter().map(String::as_str)).context("--deny")?,
            drain_delay: self.drain_delay.0,
            goaway_spread: self.goaway_spread.0,
            grace: self.grace.0,
            metrics: Some(metrics),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Cli, Command};
    use crate::exit::Failure;
    use crowd_node::{Hosting, TlsFiles};

    #[test]
    fn a_loopback_host_takes_the_inner_ports_along_and_a_public_one_does_not() {
        let config = config(&["--host=127.0.0.3"]).unwrap();
        assert_eq!((config.cluster_host, config.admin_host), (config.host, config.host));
        let config = super::tests::config(&["--host=0.0.0.0"]).unwrap();
        assert!(config.cluster_host.is_loopback() && config.admin_host.is_loopback());
    }

    #[test]
    fn a_certificate_and_its_key_go_together() {
        let tls = |flags: &[&str]| config(flags).map(|config| config.tls);
        let both = Some(TlsFiles { cert: "c".into(), key: "k".into() });
        assert_eq!(tls(&["--tls-cert=c", "--tls-key=k"]).unwrap(), both);
        assert_eq!(tls(&[]).unwrap(), None);
        for (flag, lacks) in [("--tls-cert=c", "--tls-key"), ("--tls-key=k", "--tls-cert")] {
            let error = tls(&[flag]).unwrap_err();
            assert!(error.to_string().contains(&format!("needs {lacks}")), "{error}");
            assert!(matches!(error.downcast_ref(), Some(Failure::Usage(_))));
        }
    }

    #[test]
    fn how_browsers_host_is_said_by_flags() {
        let said = config(&["--hosting=ask", "--browser-upload-bytes=1MiB"]).unwrap();
        assert_eq!((said.hosting, said.upload_bytes_per_day), (Hosting::Ask, 1 << 20));
        let plain = config(&[]).unwrap();
        assert_eq!((plain.hosting, plain.upload_bytes_per_day), (Hosting::Notice, 536_870_912));
    }

    fn config(flags: &[&str]) -> anyhow::Result<Config> {
        let line = ["crowd", "serve", "--data=d"].iter().chain(flags);
        let Command::Serve(args) = Cli::read_from(line)?.command else { unreachable!("it says serve") };
        args.into_config()
    }
}
