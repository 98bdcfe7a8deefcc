//! Opening a registry in etcd, for callers in every build: without the feature it is an error that says what to do.

use std::sync::Arc;

use super::{EtcdAccess, EtcdAddress};
use crate::{Archive, RegistryError};

/// The registry at `address`, which becomes one if nothing is there: with the id `id` then, or a new one. Takes a few
/// seconds at most; [`RegistryError::Unavailable`] where most members are out of reach.
pub async fn open(
    address: &EtcdAddress,
    access: &EtcdAccess,
    id: Option<&str>,
) -> Result<Arc<dyn Archive>, RegistryError> {
    #[cfg(feature = "etcd")]
    return Ok(Arc::new(Box::pin(super::EtcdRegistry::open(address, access.clone(), id)).await?));
    #[cfg(not(feature = "etcd"))]
    return Err(not_built(address, access, id));
}

/// [`open`], but none where nothing is there.
pub async fn open_existing(
    address: &EtcdAddress,
    access: &EtcdAccess,
) -> Result<Option<Arc<dyn Archive>>, RegistryError> {
    #[cfg(feature = "etcd")]
    return match Box::pin(super::EtcdRegistry::open_existing(address, access.clone())).await? {
        Some(registry) => Ok(Some(Arc::new(registry))),
        None => Ok(None),
    };
    #[cfg(not(feature = "etcd"))]
    return Err(not_built(address, access, None));
}

#[cfg(not(feature = "etcd"))]
fn not_built(address: &EtcdAddress, _: &EtcdAccess, _: Option<&str>) -> RegistryError {
    RegistryError::Storage(format!(
        "{address} needs a crowd that was built for etcd: cargo build --features etcd, where protoc is installed"
    ))
}
