//! By what other nodes reach this one, and whether it is the one that keeps the registry.

use std::net::{IpAddr, SocketAddr};

use anyhow::bail;
use tokio::net::lookup_host;

use crate::{Config, RegistryChoice};

/// `HOST:PORT` that other nodes are told. Refused where they would end up elsewhere: they can't reach this node by an
/// address that means every interface, nor, from another machine, by a loopback one.
pub(crate) async fn advertised(config: &Config, bound: SocketAddr) -> anyhow::Result<String> {
    let advertise = config.cluster_advertise.clone().unwrap_or_else(|| bound.to_string());
    let Ok(address) = advertise.parse::<SocketAddr>() else { return Ok(advertise) };
    if address.ip().is_unspecified() {
        bail!(
            "other nodes can't reach this one by {advertise}: say by what with --cluster-advertise HOST:PORT, \
             or listen on one address with --cluster-host"
        );
    }
    if is_loopback(address.ip()) {
        for seed in seeds(config) {
            if resolve(seed).await.iter().any(|found| !is_loopback(found.ip())) {
                bail!(
                    "{seed} is another machine, from where this node can't be reached by {advertise}: \
                     say by what with --cluster-host or --cluster-advertise HOST:PORT"
                );
            }
        }
    }
    Ok(advertise)
}

/// True where `keeper`, of `--registry node://`, is this node: by what it is called, or by where that leads. A name
/// that several machines have is nobody's own: each of them would keep a registry.
pub(crate) async fn is_me(keeper: &str, advertise: &str, bound: SocketAddr) -> bool {
    if keeper == advertise {
        return true;
    }
    let found = resolve(keeper).await;
    found.contains(&bound) && (found.len() == 1 || found.iter().all(|address| is_loopback(address.ip())))
}

/// The nodes that this one is told of.
fn seeds(config: &Config) -> impl Iterator<Item = &str> {
    let keeper = match &config.registry {
        RegistryChoice::Node(keeper) => Some(keeper),
        _ => None,
    };
    config.join.iter().chain(keeper).map(String::as_str)
}

/// Where `place` leads now; nowhere is fine, it may come to be.
async fn resolve(place: &str) -> Vec<SocketAddr> {
    lookup_host(place).await.map(Iterator::collect).unwrap_or_default()
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    #[tokio::test]
    async fn an_address_that_leads_elsewhere_is_refused() {
        let config = |advertise: Option<&str>, join: &[&str]| Config {
            cluster_advertise: advertise.map(str::to_owned),
            join: join.iter().map(|seed| (*seed).to_owned()).collect(),
            ..Config::ephemeral()
        };
        let advertised = async |config: Config, bound| advertised(&config, at(bound)).await;
        assert_eq!(advertised(config(None, &[]), "127.0.0.1:5").await.unwrap(), "127.0.0.1:5");
        assert!(advertised(config(None, &["127.0.0.9:7001"]), "127.0.0.1:5").await.is_ok());
        assert_eq!(advertised(config(Some("n1:7001"), &[]), "0.0.0.0:5").await.unwrap(), "n1:7001");
        for (config, bound, flag) in [
            (config(None, &[]), "0.0.0.0:5", "--cluster-advertise"),
            (config(None, &[]), "[::]:5", "--cluster-advertise"),
            (config(Some("0.0.0.0:7001"), &[]), "10.0.0.1:5", "--cluster-advertise"),
            (config(None, &["127.0.0.9:7001", "10.0.0.1:7001"]), "127.0.0.1:5", "--cluster-host"),
        ] {
            let error = advertised(config, bound).await.unwrap_err().to_string();
            assert!(error.contains(flag), "{error}");
        }
    }

    #[tokio::test]
    async fn the_keeper_knows_itself_by_name_and_by_address() {
        assert!(is_me("n1:7001", "n1:7001", at("0.0.0.0:7001")).await);
        assert!(is_me("localhost:7001", "127.0.0.1:7001", at("127.0.0.1:7001")).await);
        assert!(is_me("127.0.0.1:7001", "n1:7001", at("127.0.0.1:7001")).await);
        assert!(!is_me("127.0.0.1:7002", "127.0.0.1:7001", at("127.0.0.1:7001")).await);
        assert!(!is_me("127.0.0.2:7001", "127.0.0.1:7001", at("127.0.0.1:7001")).await);
    }
}
