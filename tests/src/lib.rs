//! What the tests stand on: clusters in one process, scripted peers, sites made of bytes, an HTTP client.
//!
//! Every port is 0 on loopback, and whatever a test starts ends with it.

mod ca;
mod cluster;
pub mod deploy;
mod etcd;
mod eventually;
mod http;
mod lossy_link;
mod otlp;
mod peer;
mod process;
mod reaction;
mod scrape;
mod site;
mod telemetry;

pub use ca::{TestCa, caller};
pub use cluster::{Cluster, TestNode};
pub use etcd::{Etcd, EtcdTls};
pub use eventually::{eventually, within};
pub use http::{Reply, get, get_secure, send};
pub use lossy_link::LossyLink;
pub use otlp::{Collector, Trace, TracedSpan};
pub use peer::{Event, Pending, ScriptedPeer};
pub use process::{ServeProcess, crowd};
pub use reaction::{Asked, Reaction, Script, but};
pub use scrape::{Sample, Scrape};
pub use site::{TestSite, noise};
pub use telemetry::{telemetry, without_telemetry};
