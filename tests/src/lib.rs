//! What the tests stand on: clusters in one process, scripted peers, sites made of bytes, an HTTP client.
//!
//! Every port is 0 on loopback, and whatever a test starts ends with it.

mod ca;
mod cluster;
mod eventually;
mod http;
mod peer;
mod reaction;
mod site;

pub use ca::TestCa;
pub use cluster::{Cluster, TestNode};
pub use eventually::{eventually, within};
pub use http::{Reply, get, get_secure, send};
pub use peer::{Event, Pending, ScriptedPeer};
pub use reaction::{Asked, Reaction, Script, but};
pub use site::{TestSite, noise};
