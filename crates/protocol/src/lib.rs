//! `crowd.v1`, the protocol between a peer and a discovery node, as types.
//!
//! Everything here is pure: bytes in, values or a [`WireError`] out. No runtime, no sockets, no clock; the node,
//! the client library and the tests all speak through it. The golden vectors under `vectors/` pin what it says.

mod address;
mod bits;
mod encoding;
mod error;
mod frame;
mod hash;
mod json;
mod limits;
mod manifest;
mod manifest_builder;
mod message;
mod node_message;
mod path;
mod peer_message;
mod project;
mod release;
mod trace_parent;

pub use address::{CrowdAddress, Server};
pub use bits::{BitField, Have};
pub use error::{ErrorCode, WireError};
pub use frame::Frame;
pub use hash::{ChunkHash, ChunkHasher};
pub use limits::*;
pub use manifest::{FileEntry, Manifest, Resolution};
pub use manifest_builder::{FileBuilder, ManifestBuilder};
pub use message::{Answer, DecodeError, ErrorMessage, FileInfo, MAX_ID, Want};
pub use node_message::NodeMessage;
pub use path::{FilePath, RequestPath, percent_decode};
pub use peer_message::PeerMessage;
pub use project::ProjectName;
pub use release::{OwnerKey, Release, SigningKey};
pub use trace_parent::TraceParent;

/// The WebSocket subprotocol that a client has to offer.
pub const SUBPROTOCOL: &str = "crowd.v1";

/// Where on a node's public port the WebSocket lives.
pub const SOCKET_PATH: &str = "/.crowd/ws";
