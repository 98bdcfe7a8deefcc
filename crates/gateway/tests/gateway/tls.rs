//! The port with TLS: who gets in and how, what happens to who does not, and certificates that change meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{Ca, World, bytes};
use bytes::Bytes;
use crowd_gateway::{AppSite, Gateway, GatewayConfig, ServerConfig, Tls};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(15);

#[tokio::test]
async fn http_1_and_http_2_are_spoken_as_the_client_wishes() {
    let (ca, dir) = (Ca::new(), tempfile::tempdir().unwrap());
    let world = start(&ca, dir.path()).await;
    let all = bytes(3_000);
    world.publish("site", &[("f", "text/plain", &all)]).await;

    for (protocols, spoken) in [(&["h2", "http/1.1"][..], "h2"), (&["http/1.1"], "http/1.1"), (&[], "")] {
        let stream = connect(&world, "localhost", &ca.client(protocols)).await.unwrap();
        let chosen = stream.get_ref().1.alpn_protocol().unwrap_or_default();
        assert_eq!(chosen, spoken.as_bytes());
        let url = format!("https://localhost:{}/site/f", world.address.port());
        let request = Request::get(url).header("host", "localhost").body(Empty::<Bytes>::new()).unwrap();
        let io = TokioIo::new(stream);
        let response = if spoken == "h2" {
            let (mut client, connection) =
                hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
            tokio::spawn(connection);
            client.send_request(request).await.unwrap()
        } else {
            let (mut client, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
            tokio::spawn(connection);
            client.send_request(request).await.unwrap()
        };
        assert_eq!(response.status(), 200, "{spoken}");
        assert!(response.into_body().collect().await.unwrap().to_bytes() == all, "{spoken}");
    }
}

#[tokio::test]
async fn the_way_to_the_socket_is_open_and_projects_have_encrypted_origins() {
    let (ca, dir) = (Ca::new(), tempfile::tempdir().unwrap());
    let world = start(&ca, dir.path()).await;
    let mut stream = connect(&world, "localhost", &ca.client(&["http/1.1"])).await.unwrap();
    let head =
        "GET /.crowd/ws HTTP/1.1\r\nHost: localhost:7000\r\nOrigin: https://site.localhost:7000\r\n\r\n";
    assert!(ask(&mut stream, head).await.starts_with("HTTP/1.1 426"));
    let seen = world.sockets.origins.lock().unwrap().pop();
    assert!(matches!(seen, Some(crowd_gateway::RequestOrigin::Project(name)) if name.as_str() == "site"));

    let head = "GET /site/ HTTP/1.1\r\nHost: localhost:7000\r\nAccept: text/html\r\n\r\n";
    let reply = ask(&mut stream, head).await;
    assert!(reply.contains("location: https://site.localhost:7000/\r\n"), "{reply}");
}

#[tokio::test]
async fn a_client_that_trusts_somebody_else_leaves_and_others_are_served() {
    let (ca, dir) = (Ca::new(), tempfile::tempdir().unwrap());
    let world = start(&ca, dir.path()).await;
    let error = connect(&world, "localhost", &Ca::new().client(&[])).await.unwrap_err().to_string();
    assert!(error.contains("invalid peer certificate"), "{error}");
    let error = connect(&world, "elsewhere.test", &ca.client(&[])).await.unwrap_err().to_string();
    assert!(error.contains("not valid for name"), "{error}");
    served(&world, &ca).await;
}

#[tokio::test]
async fn a_certificate_that_is_replaced_is_served_to_new_connections_and_old_ones_live_on() {
    let (ca, dir) = (Ca::new(), tempfile::tempdir().unwrap());
    let first = ca.issue("crowd.test", dir.path());
    let world = serve(dir.path(), ServerConfig::default()).await;
    let mut old = connect(&world, "crowd.test", &ca.client(&[])).await.unwrap();
    assert_eq!(certificate(&old), first);

    // What can't be served leaves what was there before; `server/tls/tests.rs` looks at that step by step.
    std::fs::write(Ca::files(dir.path()).key, "half a ke").unwrap();
    let broken = connect(&world, "crowd.test", &ca.client(&[])).await.unwrap();
    assert_eq!(certificate(&broken), first);
    let second = ca.issue("crowd.test", dir.path());
    let give_up = Instant::now() + PATIENCE;
    loop {
        let now = connect(&world, "crowd.test", &ca.client(&[])).await.unwrap();
        if certificate(&now) == second {
            break;
        }
        assert_eq!(certificate(&now), first);
        assert!(Instant::now() < give_up, "the new certificate is never served");
        sleep(Duration::from_millis(20)).await;
    }
    assert!(ask(&mut old, "GET / HTTP/1.1\r\nHost: crowd.test\r\n\r\n").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn who_says_nothing_stops_nobody_and_is_dropped() {
    let (ca, dir) = (Ca::new(), tempfile::tempdir().unwrap());
    ca.issue("crowd.test", dir.path());
    let handshake = Duration::from_secs(3);
    let world = serve(dir.path(), ServerConfig { handshake, ..ServerConfig::default() }).await;
    let mut silent = Vec::new();
    for at in 0..20 {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        if at % 2 == 0 {
            // The head of a record whose body never comes.
            stream.write_all(&[0x16, 3, 1, 2, 0]).await.unwrap();
        }
        silent.push(stream);
    }
    let began = Instant::now();
    served(&world, &ca).await;
    assert!(began.elapsed() < handshake, "it waited for the silent ones");
    for mut stream in silent {
        let mut rest = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it is dropped");
        assert!(ended.is_err() || rest.is_empty(), "{rest:?}");
    }
    assert!(began.elapsed() >= handshake / 2, "they had some time");
    served(&world, &ca).await;
}

#[tokio::test]
async fn a_place_that_a_silent_one_holds_is_free_again() {
    let (ca, dir) = (Ca::new(), tempfile::tempdir().unwrap());
    ca.issue("crowd.test", dir.path());
    let handshake = Duration::from_millis(300);
    let server = ServerConfig { max_connections: 2, handshake, ..ServerConfig::default() };
    let world = serve(dir.path(), server).await;
    let _silent =
        [TcpStream::connect(world.address).await.unwrap(), TcpStream::connect(world.address).await.unwrap()];
    served(&world, &ca).await;
}

#[tokio::test]
async fn plain_http_is_sent_to_https() {
    let (ca, dir) = (Ca::new(), tempfile::tempdir().unwrap());
    let world = start(&ca, dir.path()).await;
    let port = world.address.port();
    let host = format!("site.localhost:{port}");
    for method in ["GET", "HEAD"] {
        let reply = world.request(method, "/a%20b/?q=1", &[("Host", &host)]).await;
        assert_eq!(reply.status, 308);
        let to = format!("https://site.localhost:{port}/a%20b/?q=1");
        assert_eq!(reply.header("location"), Some(to.as_str()));
        assert_eq!(reply.header("connection"), Some("close"));
    }
    assert_eq!(world.request("POST", "/", &[]).await.status, 400);
    assert_eq!(world.request("GET", "/", &[("Host", "a b")]).await.status, 400);
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(b"\0\0\0\0nonsense\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it is closed");
    assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 400"), "{rest:?}");
    served(&world, &ca).await;
}

#[tokio::test]
async fn the_app_port_leads_to_the_public_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (ca, dir) = (Ca::new(), tempfile::tempdir().unwrap());
    let world = start(&ca, dir.path()).await;
    let tls = Tls::load(Ca::files(dir.path())).await.unwrap();
    let config = world.config("https://discovery.crowd.test:7000");
    let site = AppSite::new(&GatewayConfig { tls: Some(tls), ..config });
    tokio::spawn(site.serve(listener, ServerConfig::default(), CancellationToken::new()));
    for (host, path, to) in [
        ("discovery.crowd.test", "/site/?q", "https://discovery.crowd.test:7000/site/?q"),
        ("10.0.0.1", "/", "https://discovery.crowd.test:7000/"),
        ("site.crowd.test", "/a/b.html", "https://site.crowd.test:7000/a/b.html"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let reply = ask(&mut stream, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
        assert!(reply.starts_with("HTTP/1.1 307"), "{reply}");
        assert!(reply.contains(&format!("location: {to}\r\n")), "{reply}");
    }
}

async fn start(ca: &Ca, dir: &Path) -> World {
    ca.issue("crowd.test", dir);
    serve(dir, ServerConfig::default()).await
}

/// A world whose port speaks TLS with what [`Ca::issue`] wrote to `dir`.
async fn serve(dir: &Path, server: ServerConfig) -> World {
    let mut world = World::start().await;
    let tls = Tls::load(Ca::files(dir)).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    world.address = listener.local_addr().unwrap();
    let config = world.config(&format!("https://{}", world.address));
    let gateway = Gateway::new(GatewayConfig { tls: Some(tls), ..config });
    tokio::spawn(gateway.serve(listener, server, world.cancel.clone()));
    world
}

async fn connect(
    world: &World,
    name: &'static str,
    client: &Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(world.address).await?;
    let connecting = TlsConnector::from(client.clone()).connect(ServerName::try_from(name).unwrap(), stream);
    timeout(PATIENCE, connecting).await.expect("a handshake in time")
}

/// The landing page comes over TLS.
async fn served(world: &World, ca: &Ca) {
    let mut stream = connect(world, "crowd.test", &ca.client(&[])).await.unwrap();
    let reply = ask(&mut stream, "GET / HTTP/1.1\r\nHost: crowd.test\r\n\r\n").await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
}

/// Sends `head` and gives the head of the answer, and what of its body came with it.
async fn ask(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin), head: &str) -> String {
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = timeout(PATIENCE, stream.read_buf(&mut seen)).await.expect("an answer in time");
        assert_ne!(read.unwrap(), 0, "closed early: {:?}", String::from_utf8_lossy(&seen));
    }
    String::from_utf8_lossy(&seen).into_owned()
}

fn certificate(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}
