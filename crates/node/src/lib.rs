//! A discovery node, put together: [`Config`] → [`Node::bind`] → [`Node::run`], which drains at the end.
//!
//! The only crate that knows both sessions and the cluster; and the admin port.

mod addresses;
mod admin;
pub mod checks;
mod config;
mod doors;
mod drain;
mod etcd;
mod finding;
mod gauges;
mod life;
mod names;
mod node;
mod parts;
mod reach;
mod remembered;
mod status;

pub use addresses::Addresses;
pub use config::{AppPort, Config, Data, RegistryChoice};
pub use life::{Joined, Life};
pub use node::Node;

pub use crowd_cluster::{ClusterTlsFiles, NODE_NAME};
pub use crowd_gateway::{Hosting, TlsFiles};
pub use crowd_registry::etcd::{EtcdAccess, EtcdAddress, EtcdCertificate, EtcdUser};
pub use crowd_relay::{DenyList, RelayConfig};
