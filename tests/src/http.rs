//! A plain HTTP client: one connection a request, the whole answer.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// All of its body.
    pub body: Bytes,
}

impl Reply {
    /// A header as text; empty where it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// `GET path`. Errors where the connection or the answer breaks.
pub async fn get(address: SocketAddr, path: &str) -> anyhow::Result<Reply> {
    send(address, Request::get(path)).await
}

/// `GET path` over TLS at `localhost`, as a client of `tls` sees it.
pub async fn get_secure(
    address: SocketAddr,
    path: &str,
    tls: Arc<rustls::ClientConfig>,
) -> anyhow::Result<Reply> {
    let socket = TcpStream::connect(address).await?;
    let socket = TlsConnector::from(tls).connect("localhost".try_into()?, socket).await?;
    let host = format!("localhost:{}", address.port());
    exchange(socket, Request::get(path).header("host", host)).await
}

/// Sends what `request` describes, without a body.
pub async fn send(address: SocketAddr, request: http::request::Builder) -> anyhow::Result<Reply> {
    let request = match request.headers_ref().is_some_and(|headers| headers.contains_key("host")) {
        true => request,
        false => request.header("host", address.to_string()),
    };
    exchange(TcpStream::connect(address).await?, request).await
}

async fn exchange<S>(socket: S, request: http::request::Builder) -> anyhow::Result<Reply>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await?;
    let connection = tokio::spawn(connection);
    let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok(Reply { status: head.status, headers: head.headers, body })
}
