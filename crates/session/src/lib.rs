//! WebSocket peers of a node: accepts them, keeps one actor per connection and the table of what each has, and takes
//! their publishes. It hands local peers to the relay and asks the relay for what they request.

mod actor;
mod asks;
mod config;
mod counts;
mod handshake;
mod heartbeat;
mod hosting;
mod outbox;
mod peer;
mod publish;
mod request;
mod sessions;
mod socket;
mod table;
mod uploads;

pub use config::SessionConfig;
pub use handshake::RequestOrigin;
pub use sessions::Sessions;
pub use table::PeerTable;
