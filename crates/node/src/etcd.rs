//! The registry in etcd, which a node waits for.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use crowd_registry::etcd::{self, EtcdAccess, EtcdAddress};
use crowd_registry::{Backoff, Registry, RegistryError};

/// Between two attempts to reach etcd: at first, and in the end. A new one needs some seconds to find its members.
const AGAIN: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// The registry at `address`, as soon as etcd answers. Where `id` is given that one has to be there; else one is made
/// if nothing is.
pub(crate) async fn open_etcd(
    address: &EtcdAddress,
    access: &EtcdAccess,
    id: Option<&str>,
) -> anyhow::Result<Arc<dyn Registry>> {
    let mut backoff = Backoff::new(AGAIN.0, AGAIN.1);
    let registry = loop {
        let opened = match id {
            Some(_) => etcd::open_existing(address, access).await,
            None => etcd::open(address, access, None).await.map(Some),
        };
        match opened {
            Err(error @ RegistryError::Unavailable(_)) => {
                tracing::warn!(%address, %error, "registry.waited_for");
                tokio::time::sleep(backoff.wait()).await;
            }
            opened => break opened.with_context(|| format!("the registry at {address} can't be opened"))?,
        }
    };
    let Some(registry) = registry else {
        bail!("there is no registry at {address}, where the cluster to join is said to keep it");
    };
    if let Some(id) = id.filter(|id| *id != registry.id()) {
        bail!("the registry at {address} is of the cluster {}, not of {id} to join", registry.id());
    }
    Ok(registry)
}
