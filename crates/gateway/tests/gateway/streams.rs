//! How answers flow: ahead of the reader but not far, of one version, no further than the reader stays.

use std::time::Duration;

use crate::support::{CHUNK, Manners, World, bytes, eventually, hash};
use bytes::Bytes;
use crowd_gateway::{AppSite, ServerConfig};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Opens `/site/f`, of which the peer answers nothing but the first chunk, and reads that.
async fn open_stalled(world: &World, chunks: usize) -> TcpStream {
    let all = bytes(chunks * CHUNK as usize);
    world.publish("site", &[("f", "text/plain", &all)]).await;
    for chunk in all.chunks(CHUNK as usize).skip(1) {
        world.peer.treats(hash(chunk), Manners::Silent);
    }
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    let head = format!("GET /site/f HTTP/1.1\r\nHost: {}\r\n\r\n", world.address);
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut first = vec![0; CHUNK as usize];
    stream.read_exact(&mut first).await.unwrap();
    stream
}

#[tokio::test]
async fn read_ahead_is_bounded_and_ends_with_the_reader() {
    let world = World::start().await;
    let stream = open_stalled(&world, 50).await;
    eventually("some chunks are read ahead", || world.peer.open().0 == 4).await;
    sleep(Duration::from_millis(50)).await;
    assert_eq!(world.peer.open(), (4, 0), "no more than four, all waited for");

    drop(stream);
    eventually("nobody waits for them any more", || world.peer.open() == (4, 4)).await;
    sleep(Duration::from_millis(50)).await;
    assert_eq!(world.peer.open().0, 4, "nothing more was asked for");
}

#[tokio::test]
async fn who_leaves_before_the_head_stops_the_request() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"f")]).await;
    world.peer.treats(hash(b"f"), Manners::Silent);
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    stream.write_all(b"GET /site/f HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    eventually("it is asked for", || world.peer.open() == (1, 0)).await;
    drop(stream);
    let left =
        timeout(Duration::from_millis(200), eventually("nobody waits", || world.peer.open() == (1, 1)));
    left.await.expect("well before the time-out of the request");
}

#[tokio::test]
async fn one_answer_is_of_one_version() {
    let world = World::start().await;
    let (old, new) = (bytes(3 * CHUNK as usize), vec![7; 3 * CHUNK as usize]);
    world.publish("site", &[("f", "text/plain", &old)]).await;
    world.peer.treats(hash(&old[1_024..2_048]), Manners::Busy);
    let ((), reply) = tokio::join!(
        async {
            eventually("it is under way", || world.peer.asked() > 3).await;
            world.publish_as("site", 2, &[("f", "text/plain", &new)], |builder| builder).await;
            world.peer.has(&old[1_024..2_048]);
        },
        world.get("/site/f", &[]),
    );
    assert_eq!(reply.header("x-crowd-version"), Some("1"));
    // The peer now hosts version 2, which doesn't list the rest: short, never mixed.
    assert!(old.starts_with(&reply.body));
    let reply = world.get("/site/f", &[]).await;
    assert_eq!(reply.header("x-crowd-version"), Some("2"));
    assert!(reply.complete && reply.body == new);
}

#[tokio::test]
async fn equal_requests_share_their_sessioncasts() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"f")]).await;
    world.head("/site/f", &[]).await;
    world.peer.take_asked();
    world.peer.treats(hash(b"f"), Manners::Silent);
    let (one, other) = tokio::join!(world.get("/site/f", &[]), world.get("/site/f", &[]));
    assert_eq!((one.status, other.status, world.peer.asked()), (504, 504, 1));
}

#[tokio::test]
async fn http_2_is_spoken_too() {
    let world = World::start().await;
    let all = bytes(40 * CHUNK as usize);
    world.publish("site", &[("f", "text/plain", &all)]).await;
    let stream = TcpStream::connect(world.address).await.unwrap();
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    for (host, path) in [(world.address.to_string(), "/site/f"), ("site.localhost:7000".into(), "/f")] {
        let request = Request::get(format!("http://{host}{path}")).body(Empty::<Bytes>::new()).unwrap();
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200, "{host}");
        assert_eq!(response.headers()["content-length"], "40960");
        assert!(response.into_body().collect().await.unwrap().to_bytes() == all, "{host}");
    }
    drop(client);
    driver.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let world = World::start().await;
    world.publish("site", &[("f", "text/plain", b"12345")]).await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    for _ in 0..3 {
        stream.write_all(b"GET /site/f HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"12345") {
            assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "closed early");
        }
    }
}

#[tokio::test]
async fn an_open_answer_ends_before_the_server_does() {
    let world = World::start().await;
    let mut stream = open_stalled(&world, 2).await;
    let idle = TcpStream::connect(world.address).await.unwrap();
    eventually("it waits for the second chunk", || world.peer.open().0 == 1).await;
    world.cancel.cancel();
    sleep(Duration::from_millis(50)).await;
    assert!(!world.served.is_finished(), "an answer is still open");
    assert!(TcpStream::connect(world.address).await.is_err(), "nobody new is taken");
    // The relay gives up on the silent peer, which ends the answer and with it the server.
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    drop(idle);
    timeout(Duration::from_secs(5), world.served).await.expect("it ends").unwrap();
}

#[tokio::test]
async fn the_app_port_serves_the_app_only() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let cancel = CancellationToken::new();
    let world = World::start().await;
    let site = AppSite::new(&world.config("http://discovery.crowd.test"));
    let served = tokio::spawn(site.serve(listener, ServerConfig::default(), cancel.clone()));
    let get_at = async |host: &str, path: &str| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply
    };
    let host = address.to_string();
    let get = async |path: &str| get_at(&host, path).await;
    assert!(get("/").await.starts_with("HTTP/1.1 200 OK"));
    assert!(get_at("discovery.crowd.test", "/").await.starts_with("HTTP/1.1 200 OK"));
    assert!(get_at("site.crowd.test", "/").await.starts_with("HTTP/1.1 404"));
    assert!(get("/.crowd/app.css").await.contains("content-type: text/css"));
    assert!(get("/.crowd/config.json").await.contains("\"discovery.crowd.test:80\""));
    assert!(get("/.crowd/sample/index.html").await.starts_with("HTTP/1.1 200 OK"));
    for path in ["/site/", "/.crowd/ws", "/.crowd/v1/site/release", "/x"] {
        assert!(get(path).await.starts_with("HTTP/1.1 404"), "{path}");
    }
    cancel.cancel();
    timeout(Duration::from_secs(5), served).await.unwrap().unwrap();
}
