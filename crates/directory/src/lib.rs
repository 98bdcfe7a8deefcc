//! Which nodes have peers that host a project: the consistent-hash ring and the table that its owners keep.
//!
//! A project has [`REPLICAS`] owners on the [`Ring`]. Every node tells the owners of each project that its peers
//! host what they have ([`Hosting`]), leased and renewed; whoever looks for a host asks the owners. All of it is
//! soft state. Everything here is pure: events and `now` in, [`Effect`]s out; the relay and the cluster deliver them.
//!
//! `now` is always the time since an origin of the caller's choice, on a clock that never goes back.

mod announcer;
mod directory;
mod effect;
#[cfg(test)]
mod golden;
mod hosting;
mod ledger;
mod mix;
mod node_name;
mod owner;
mod ring;
mod rings;
mod single_hosted;
mod table;

pub use announcer::RETRY;
pub use directory::Directory;
pub use effect::Effect;
pub use hosting::{Hosting, MAX_PEER_ID, MAX_SAMPLE, Row};
pub use node_name::NodeName;
pub use owner::RENEW_EVERY;
pub use ring::{REPLICAS, Ring, VIRTUAL_NODES};
pub use rings::TRANSITION;
pub use single_hosted::SingleHosted;
pub use table::{LEASE, MAX_ROWS, Table};
