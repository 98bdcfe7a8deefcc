//! Makes a connection: TCP, TLS where it is wanted, the WebSocket, and the node's `welcome`. The actor decides when.

use std::sync::Arc;
use std::time::Duration;

use crowd_protocol::{MAX_FRAME, NodeMessage, SUBPROTOCOL};
use futures_util::StreamExt;
use http::StatusCode;
use http::header::LOCATION;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use crate::{Connection, NodeUrl, PeerConfig, PeerError, tls};

/// Bytes read from the socket at once; larger frames make the buffer grow.
const READ_BUFFER: usize = 16 * 1024;
/// Bytes that may wait for a slow socket: an answer of the largest size, and small messages beside it.
const WRITE_BUFFER: usize = 2 * MAX_FRAME;

/// A TCP stream, encrypted or not.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(crate) type Socket = WebSocketStream<Box<dyn Io>>;

/// A connection whose node has said welcome.
pub(crate) struct Dialed {
    pub(crate) socket: Socket,
    pub(crate) connection: Connection,
}

/// Dials nodes with one configuration; keeps the certificates once they are loaded.
pub(crate) struct Dialer {
    timeout: Duration,
    tls: OnceCell<Arc<rustls::ClientConfig>>,
}

/// Why a node could not be reached, and where it may be instead.
struct Refusal {
    why: String,
    instead: Option<NodeUrl>,
}

impl Refusal {
    fn new(why: impl ToString) -> Self {
        Self { why: why.to_string(), instead: None }
    }
}

impl Dialer {
    pub(crate) fn new(config: &PeerConfig) -> Self {
        Self { timeout: config.connect_timeout, tls: OnceCell::new_with(config.tls.clone()) }
    }

    /// Connects to `url`. Where it was named by its host alone and refuses TLS on 443, to ws on 7000; where that, or
    /// another one without TLS, says that it speaks TLS, with it.
    pub(crate) async fn dial(&self, url: &NodeUrl) -> Result<Dialed, PeerError> {
        let (mut url, mut before) = (url.clone(), String::new());
        // It ends: the host alone leads to ws, ws to wss, and wss nowhere.
        loop {
            let Refusal { why, instead } = match self.attempt(&url).await {
                Ok(dialed) => return Ok(dialed),
                Err(refusal) => refusal,
            };
            let Some(next) = instead else {
                return Err(PeerError::Connect { url: url.to_string(), why: format!("{why}{before}") });
            };
            before = format!(" ({url}: {why}){before}");
            url = next;
        }
    }

    async fn attempt(&self, url: &NodeUrl) -> Result<Dialed, Refusal> {
        let attempt = async {
            let stream = self.open(url).await?;
            let socket = shake_hands(url, stream).await?;
            welcomed(url, socket).await
        };
        let late = || Refusal::new(format!("no welcome within {} s", self.timeout.as_secs()));
        tokio::time::timeout(self.timeout, attempt).await.map_err(|_| late())?
    }

    async fn open(&self, url: &NodeUrl) -> Result<Box<dyn Io>, Refusal> {
        let tcp = TcpStream::connect((url.host(), url.port())).await.map_err(|error| Refusal {
            instead: url.fallback().filter(|_| error.kind() == std::io::ErrorKind::ConnectionRefused),
            why: error.to_string(),
        })?;
        // Messages are small and awaited; failing to say so only costs time.
        tcp.set_nodelay(true).ok();
        if !url.is_tls() {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(url.host().to_owned()).map_err(Refusal::new)?;
        let config = self.tls.get_or_try_init(load_tls).await.map_err(Refusal::new)?;
        let stream = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await;
        Ok(Box::new(stream.map_err(|error| Refusal::new(format!("TLS: {error}")))?))
    }
}

async fn load_tls() -> Result<Arc<rustls::ClientConfig>, String> {
    tokio::task::spawn_blocking(tls::native).await.map_err(|error| error.to_string())?
}

async fn shake_hands(url: &NodeUrl, stream: Box<dyn Io>) -> Result<Socket, Refusal> {
    let uri: http::Uri = url.socket().parse().map_err(Refusal::new)?;
    let request = ClientRequestBuilder::new(uri).with_sub_protocol(SUBPROTOCOL);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    match client_async_with_config(request, stream, Some(config)).await {
        Ok((socket, _)) => Ok(socket),
        Err(WsError::Http(response)) => {
            let status = response.status();
            let to = response.headers().get(LOCATION).filter(|_| status == StatusCode::PERMANENT_REDIRECT);
            let encrypted = to.is_some_and(|to| to.as_bytes().starts_with(b"https://"));
            Err(Refusal {
                why: format!("it answered HTTP {status}: not a discovery node"),
                instead: url.encrypted().filter(|_| encrypted),
            })
        }
        Err(error) => Err(Refusal::new(error)),
    }
}

/// Waits for the message that every connection starts with.
async fn welcomed(url: &NodeUrl, mut socket: Socket) -> Result<Dialed, Refusal> {
    while let Some(message) = socket.next().await {
        let decoded = match message.map_err(Refusal::new)? {
            Message::Text(text) => NodeMessage::decode_text(text.as_bytes()),
            Message::Binary(payload) => NodeMessage::decode_binary(&payload),
            Message::Close(_) => break,
            _ => continue,
        };
        return match decoded.map_err(|error| Refusal::new(error.error))? {
            NodeMessage::Welcome { peer, node, cluster, nodes, heartbeat_s } => {
                let connection = Connection { url: url.clone(), node, cluster, peer, nodes, heartbeat_s };
                Ok(Dialed { socket, connection })
            }
            NodeMessage::Error(error) => Err(Refusal::new(error.message)),
            _ => Err(Refusal::new("its first message is no welcome")),
        };
    }
    Err(Refusal::new("it closed the connection before its welcome"))
}
