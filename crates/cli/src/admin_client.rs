//! A GET to a node's admin port: plain HTTP/1.1 on this computer or a private network.

use std::time::Duration;

use anyhow::{Context, bail};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer at most: a cluster of a thousand nodes takes a tenth of this.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// The JSON at `path` of the admin port at `base`.
pub(crate) async fn get(base: &str, path: &str) -> anyhow::Result<serde_json::Value> {
    let answer = answer(base, path).await?;
    if answer.status() != StatusCode::OK {
        bail!("{base} answered {}: {}", answer.status(), String::from_utf8_lossy(answer.body()).trim());
    }
    let body = answer.into_body();
    serde_json::from_slice(&body).with_context(|| format!("{base}{path} is no JSON: not an admin port?"))
}

/// Whether the node at `base` is ready. Asks nobody but it, and so is quick.
pub(crate) async fn is_ready(base: &str) -> anyhow::Result<bool> {
    match answer(base, "/readyz").await?.status() {
        StatusCode::OK => Ok(true),
        StatusCode::SERVICE_UNAVAILABLE => Ok(false),
        status => bail!("{base} answered {status}: not an admin port?"),
    }
}

async fn answer(base: &str, path: &str) -> anyhow::Result<Response<Bytes>> {
    tokio::time::timeout(TIMEOUT, fetch(base, path))
        .await
        .with_context(|| format!("{base} did not answer within {} s", TIMEOUT.as_secs()))?
        .with_context(|| format!("no node's admin port answers at {base}"))
}

async fn fetch(base: &str, path: &str) -> anyhow::Result<Response<Bytes>> {
    let base = if base.contains("://") { base.to_owned() } else { format!("http://{base}") };
    let uri: Uri = base.parse().context("not a URL")?;
    if uri.scheme_str() != Some("http") {
        bail!("the admin port speaks plain http://");
    }
    let host = uri.host().context("a URL without a host")?;
    let port = uri.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driving = tokio::spawn(connection);
    let request = Request::get(path).header(HOST, format!("{host}:{port}")).body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MAX_ANSWER).collect().await;
    driving.abort();
    let body = body.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
    Ok(Response::from_parts(head, body))
}
