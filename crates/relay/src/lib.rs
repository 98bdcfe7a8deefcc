//! The heart of a node: finds who has a chunk, asks, verifies what comes, moves on from who fails, and remembers.
//!
//! Sessions (local peers) and cluster links (other nodes) hang on its ports, [`LocalPeers`] and [`Nodes`]; both hand
//! it [`Responder`]s, bounded mailboxes with a measured pace. It never touches a socket.

mod ask;
mod attempt;
mod cache;
mod catalog;
mod config;
mod counts;
mod deny;
mod door;
mod finder;
mod flights;
mod hedges;
mod listing;
mod mailbox;
mod pace;
mod ports;
mod pulse;
mod race;
mod relay;
mod responder;
mod room;
mod site;
mod spans;

pub use ask::{Ask, Chunk, ChunkAsk, Scope};
pub use catalog::Catalog;
pub use config::RelayConfig;
pub use deny::DenyList;
pub use door::{Door, Doors};
pub use flights::Flights;
pub use mailbox::{Mailbox, Rejected};
pub use pace::Expectation;
pub use ports::{Alone, BoxFuture, LocalPeers, Nodes};
pub use pulse::{BUSIEST, BusyProject, LATENCY_BUCKETS, Latencies, PULSE_SECONDS, Pulse, Second};
pub use relay::Relay;
pub use responder::{Kind, OpenAsk, Responder};
pub use room::{Room, RoomPermit};
pub use site::{FileRequest, Site};
