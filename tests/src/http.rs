//! A plain HTTP client: one connection a request, the whole answer.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

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

/// Sends what `request` describes, without a body.
pub async fn send(address: SocketAddr, request: http::request::Builder) -> anyhow::Result<Reply> {
    let socket = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await?;
    let connection = tokio::spawn(connection);
    let mut request = request.body(Empty::<Bytes>::new())?;
    if !request.headers().contains_key("host") {
        request.headers_mut().insert("host", address.to_string().parse()?);
    }
    let response = sender.send_request(request).await?;
    let (head, body) = response.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok(Reply { status: head.status, headers: head.headers, body })
}
