//! A TCP connection that goes through the test, which can cut it and lose what comes back over it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Bytes that are passed on at once.
const BUFFER: usize = 64 * 1_024;

/// A way to one address.
pub struct LossyLink {
    address: SocketAddr,
    up: watch::Sender<bool>,
    traps: watch::Sender<Option<Trap>>,
    _stop: tokio_util::sync::DropGuard,
}

/// Bytes in a request whose answer is lost, and all that would follow it on that connection; once.
#[derive(Clone)]
struct Trap {
    bytes: Arc<[u8]>,
    sprung: Arc<AtomicBool>,
}

impl LossyLink {
    /// A way to `target` that is open.
    pub async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("there are free ports");
        let address = listener.local_addr().expect("it is bound");
        let (up, is_up) = watch::channel(true);
        let (traps, trap) = watch::channel(None);
        let stop = CancellationToken::new();
        tokio::spawn(stop.clone().run_until_cancelled_owned(async move {
            loop {
                let Ok((near, _)) = listener.accept().await else { continue };
                if *is_up.borrow() {
                    tokio::spawn(pass(near, target, is_up.clone(), trap.clone()));
                }
            }
        }));
        Self { address, up, traps, _stop: stop.drop_guard() }
    }

    /// Where it begins.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection, and takes no more.
    pub fn cut(&self) {
        self.up.send_replace(false);
    }

    /// Takes connections again.
    pub fn mend(&self) {
        self.up.send_replace(true);
    }

    /// The next request that has `bytes` in it arrives, and its answer does not, nor anything else on that connection.
    /// The value says whether that has happened.
    pub fn lose_answer_to(&self, bytes: &[u8]) -> Arc<AtomicBool> {
        let trap = Trap { bytes: bytes.into(), sprung: Arc::default() };
        let sprung = trap.sprung.clone();
        self.traps.send_replace(Some(trap));
        sprung
    }
}

async fn pass(
    near: TcpStream,
    target: SocketAddr,
    mut is_up: watch::Receiver<bool>,
    trap: watch::Receiver<Option<Trap>>,
) {
    let Ok(far) = TcpStream::connect(target).await else { return };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    let deaf = CancellationToken::new();
    tokio::select! {
        () = there(near_in, far_out, trap, &deaf) => {}
        () = back(far_in, near_out, &deaf) => {}
        _ = is_up.wait_for(|up| !up) => {}
    }
}

async fn there(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    trap: watch::Receiver<Option<Trap>>,
    deaf: &CancellationToken,
) {
    let mut buffer = vec![0; BUFFER];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
        let trap = trap.borrow().clone();
        let has = |trap: &Trap| buffer[..n].windows(trap.bytes.len()).any(|bytes| bytes == &*trap.bytes);
        if let Some(trap) = trap.filter(has)
            && !trap.sprung.swap(true, Ordering::SeqCst)
        {
            // Nothing of the answer has been passed on: that is done by this task, too.
            deaf.cancel();
        }
    }
}

async fn back(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, deaf: &CancellationToken) {
    let mut buffer = vec![0; BUFFER];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        if !deaf.is_cancelled() && to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}
