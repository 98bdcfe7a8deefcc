//! `crowd-peer`: a peer of a Crowd Cloud cluster, as a library.
//!
//! [`Peer`] is one connection to a cluster that heals itself: it resolves, publishes, hosts, requests and watches.
//! [`folder`] makes a release out of a folder, [`download`] a folder out of a release, [`Mirror`] an always-on host.
//! Bytes are trusted for their hash and releases for their signature, never for who sent them.

mod actor;
mod backoff;
mod command;
mod config;
mod connection;
mod dial;
mod dir_store;
pub mod download;
mod error;
mod event;
mod fetch;
pub mod folder;
mod folder_options;
mod folder_store;
mod hostings;
mod keep_alive;
mod link;
mod media_type;
mod memory_store;
mod mirror;
mod nodes;
mod peer;
mod pending;
mod pins;
mod safe_path;
mod serving;
mod shared;
mod spans;
mod stats;
mod store;
mod tls;
mod url;
mod utf8_check;

pub use backoff::Backoff;
pub use config::PeerConfig;
pub use connection::Connection;
pub use dir_store::DirStore;
pub use error::PeerError;
pub use event::Event;
pub use fetch::{FETCH_WINDOW, Site};
pub use folder_options::FolderOptions;
pub use folder_store::FolderStore;
pub use media_type::media_type;
pub use memory_store::MemoryStore;
pub use mirror::{Mirror, MirrorEvent};
pub use peer::{FileChunk, Peer, Publication, Resolved};
pub use pins::{Pin, Pins};
pub use stats::Stats;
pub use store::{ChunkStore, Fetching};
pub use url::NodeUrl;
