//! The HTTP door of a node: project files from sessioncasts, the release and chunk endpoints, the app's own files, and
//! the way to the WebSocket.
//!
//! [`Gateway`] answers on the public port, [`AppSite`] on the app port. Everything about a project comes through the
//! relay; nothing here knows peers, and what serves WebSockets hangs on the [`Sockets`] port.

mod app_site;
mod asked;
mod body;
mod config;
mod content;
mod counts;
mod cross_origin;
mod destination;
mod gateway;
mod handlers;
mod hosting;
mod hosts;
mod late;
mod origin;
mod own_headers;
mod refusal;
mod rewrite;
mod server;
mod sockets;
mod trace;
mod url_path;

pub use app_site::AppSite;
pub use body::{Body, BodyError};
pub use config::{
    DEFAULT_DRAIN, DEFAULT_HANDSHAKE, DEFAULT_MAX_CONNECTIONS, DEFAULT_UPLOAD_BYTES_PER_DAY, GatewayConfig,
    ServerConfig,
};
pub use crowd_tls::{TlsError, TlsFiles};
pub use gateway::Gateway;
pub use hosting::Hosting;
pub use origin::RequestOrigin;
pub use server::Tls;
pub use sockets::Sockets;
