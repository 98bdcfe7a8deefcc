//! Where a registry is: a folder, or etcd.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Context;
use crowd_node::{EtcdAccess, EtcdAddress};
use crowd_registry::{Archive, LocalRegistry, etcd};

/// `local:DIR` or `etcd://…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Local(PathBuf),
    Etcd(EtcdAddress),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("local", folder)) if !folder.is_empty() => Ok(Self::Local(folder.into())),
            Some(("etcd", _)) => text.parse().map(Self::Etcd),
            Some(("node", _)) => Err("a node can't be copied while it runs: stop it, and name its folder \
                                      with local:DIR"
                .to_owned()),
            _ => Err(format!("{text:?} is no place of a registry: it is local:DIR or etcd://HOST:PORT,…")),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(folder) => write!(f, "local:{}", folder.display()),
            Self::Etcd(address) => address.fmt(f),
        }
    }
}

impl Place {
    /// What is there, if anything is.
    pub(super) async fn open(&self, access: &EtcdAccess) -> anyhow::Result<Option<Arc<dyn Archive>>> {
        let opened = match self {
            Self::Local(folder) => {
                LocalRegistry::open_existing(folder).await.map(|opened| opened.map(shared))
            }
            Self::Etcd(address) => etcd::open_existing(address, access).await,
        };
        opened.with_context(|| format!("the registry in {self} can't be opened"))
    }

    /// What is there, or a new registry with the id `id`.
    pub(super) async fn open_or_create(
        &self,
        access: &EtcdAccess,
        id: &str,
    ) -> anyhow::Result<Arc<dyn Archive>> {
        let opened = match self {
            Self::Local(folder) => LocalRegistry::open_or_create(folder, Some(id)).await.map(shared),
            Self::Etcd(address) => etcd::open(address, access, Some(id)).await,
        };
        opened.with_context(|| format!("the registry in {self} can't be opened"))
    }
}

fn shared(registry: LocalRegistry) -> Arc<dyn Archive> {
    Arc::new(registry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_folder_or_an_etcd() {
        assert_eq!("local:a/b".parse(), Ok(Place::Local("a/b".into())));
        for text in ["local:/var/lib/crowd", "etcd://a:2379/crowd/"] {
            assert_eq!(text.parse::<Place>().unwrap().to_string(), text);
        }
        for (text, why) in [
            ("/var/lib/crowd", "local:DIR"),
            ("local:", "local:DIR"),
            ("node://a:7001", "stop it"),
            ("etcd://", "HOST:PORT"),
        ] {
            let error = text.parse::<Place>().unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
