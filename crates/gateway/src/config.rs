//! What the node tells its HTTP door, and the defaults.

use std::sync::Arc;
use std::time::Duration;

use crowd_relay::Relay;
use http::Uri;
use tokio_util::sync::CancellationToken;

use crate::{Hosting, Sockets, Tls};

/// HTTP connections at once. A browser opens up to six for each origin; an idle one costs some 20 KiB.
pub const DEFAULT_MAX_CONNECTIONS: usize = 8_192;

/// How long open answers may take to end once the server is told to stop.
pub const DEFAULT_DRAIN: Duration = Duration::from_secs(20);

/// What a visitor's browser hosts of a project in a day at most, where its person says nothing else.
pub const DEFAULT_UPLOAD_BYTES_PER_DAY: u64 = 512 << 20;

/// How long a TLS handshake may take.
pub const DEFAULT_HANDSHAKE: Duration = Duration::from_secs(10);

/// What a gateway is made of.
pub struct GatewayConfig {
    /// Where projects come from.
    pub relay: Arc<Relay>,
    /// What takes WebSocket upgrades.
    pub sockets: Arc<dyn Sockets>,
    /// The node's name, which answers carry as `X-Crowd-Node`.
    pub node: String,
    /// How the world reaches this node, such as `https://discovery.example.org`. Its host is the node's own even where
    /// it lies under `domain`; its scheme is that of the projects' origins.
    pub public_url: Uri,
    /// Projects have their own origins under this domain: `PROJECT.DOMAIN`.
    pub domain: Option<String>,
    /// Whether the visitors of a project host it.
    pub hosting: Hosting,
    /// Bytes that the app uploads of one project in a day, where its person says nothing else.
    pub upload_bytes_per_day: u64,
    /// What the port is encrypted with; none for plain HTTP.
    pub tls: Option<Tls>,
}

/// Bounds of one listener.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// HTTP connections at once; more wait in the listener's backlog. An upgraded one no longer counts.
    pub max_connections: usize,
    /// How long open answers may take to end once the server is told to stop.
    pub drain: Duration,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// Cancelled when the node begins to leave: from then on an answer is the last of its HTTP/1.1 connection, so that
    /// clients that keep theirs open ask elsewhere next time.
    pub leaving: CancellationToken,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            max_connections: DEFAULT_MAX_CONNECTIONS,
            drain: DEFAULT_DRAIN,
            handshake: DEFAULT_HANDSHAKE,
            leaving: CancellationToken::new(),
        }
    }
}
