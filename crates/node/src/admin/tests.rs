//! The admin port of a node that has not joined, and who keeps it busy.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::*;

#[tokio::test]
async fn who_holds_every_connection_keeps_nobody_out() {
    let port = Port::open().await;
    let mut held = Vec::new();
    for at in 0..2 * CONNECTIONS {
        let mut socket = TcpStream::connect(port.address).await.unwrap();
        // Mute, half said, or kept after an answer.
        let said = ["", "GET /healthz HTTP/1.1\r\n", "GET /healthz HTTP/1.1\r\nHost: n\r\n\r\n"][at % 3];
        socket.write_all(said.as_bytes()).await.unwrap();
        held.push(socket);
        if at % CONNECTIONS == CONNECTIONS - 1 {
            let alive = timeout(WHOLE / 2, port.get("/healthz")).await.expect("at once");
            assert!(alive.starts_with("HTTP/1.1 200 ") && alive.ends_with("alive\n"), "{alive}");
        }
    }
    port.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_goes_on_for_too_long_is_ended() {
    let port = Port::open().await;
    for said in ["", "GET /healthz HTTP/1.1\r\n"] {
        let began = Instant::now();
        let mut socket = TcpStream::connect(port.address).await.unwrap();
        socket.write_all(said.as_bytes()).await.unwrap();
        // An end, or a reset where something is unread.
        let read = timeout(2 * WHOLE, socket.read(&mut [0])).await.expect("it ends");
        assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
        assert!(began.elapsed() >= WHOLE, "after {:?}", began.elapsed());
    }
    port.close().await;
}

struct Port {
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

impl Port {
    async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
        let admin = Admin { board: Arc::default(), metrics: None };
        let serving = tokio::spawn(admin.serve(listener, shutdown.clone()));
        Self { address, shutdown, serving }
    }

    /// All of the answer, until the connection ends.
    async fn get(&self, path: &str) -> String {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: n\r\n\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn close(self) {
        self.shutdown.cancel();
        self.serving.await.unwrap();
    }
}
