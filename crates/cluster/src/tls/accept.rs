//! The cluster port's front: takes connections, looks at what they speak, shakes hands, and hands on those that are
//! another node's.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::line::Line;
use super::lines::Lines;
use super::refusal::Refusal;
use super::refusals::Direction;
use super::strangers::{Stranger, Strangers};

/// How long one may stay a stranger.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one that was told why it is refused may take to read it.
const PARTING: Duration = Duration::from_secs(1);
/// What it may still send meanwhile.
const LAST_BYTES: u64 = 64 << 10;
/// After an accept that failed because the system ran out of something.
const BREATHER: Duration = Duration::from_millis(100);
/// The first byte of a TLS record that begins a handshake; HTTP/2 begins with a letter.
const HANDSHAKE: u8 = 0x16;
/// For who speaks plain: a TLS record with the fatal alert `protocol_version`.
const WANTS_TLS: &[u8] = &[0x15, 3, 3, 0, 2, 2, 70];
/// For who speaks TLS: anything that is none.
const WANTS_PLAIN: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Takes connections for as long as it is polled, and puts those of nodes into `taken`.
pub(crate) async fn accept(listener: TcpListener, lines: Lines, taken: mpsc::Sender<Line>) -> Infallible {
    let (mut tasks, mut strangers) = (JoinSet::new(), Strangers::default());
    loop {
        tokio::select! {
            Some(ended) = tasks.join_next_with_id() => {
                let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
                strangers.remove(id);
            }
            accepted = listener.accept(), if strangers.has_room() => match accepted {
                Ok((tcp, remote)) => {
                    let Some(stranger) = strangers.admit(remote.ip()) else {
                        count(&lines, "crowded");
                        tracing::debug!(%remote, "cluster.crowded");
                        continue;
                    };
                    let (lines, taken, at_door) = (lines.clone(), taken.clone(), stranger.clone());
                    let task = tasks.spawn(async move {
                        if let Some(line) = take(lines, tcp, remote.ip(), &at_door).await {
                            // The port is being closed where nobody takes it.
                            let _ = taken.send(line).await;
                        }
                    });
                    strangers.add(task.id(), stranger);
                }
                Err(error) => {
                    tracing::warn!(%error, "cluster.accept_failed");
                    sleep(BREATHER).await;
                }
            }
        }
    }
}

/// What became of a stranger.
enum Opened {
    Line(Box<Line>),
    Refused(Refusal),
}

async fn take(lines: Lines, tcp: TcpStream, remote: IpAddr, stranger: &Stranger) -> Option<Line> {
    if let Err(error) = tcp.set_nodelay(true) {
        tracing::debug!(%error, "cluster.nodelay_failed");
    }
    let late = |_| Err(io::Error::from(io::ErrorKind::TimedOut));
    let opened = timeout(PATIENCE, open(&lines, tcp, remote, stranger)).await.unwrap_or_else(late);
    let outcome = match &opened {
        Ok(Opened::Line(_)) => "done",
        Ok(Opened::Refused(Refusal::SpeaksPlain)) => "plain",
        Ok(Opened::Refused(_)) => "refused",
        Err(error) if error.kind() == io::ErrorKind::TimedOut => "timed_out",
        Err(_) => "failed",
    };
    count(&lines, outcome);
    match opened {
        Ok(Opened::Line(line)) => Some(*line),
        Ok(Opened::Refused(refusal)) => {
            lines.refusals().note(Direction::In, &remote.to_string(), refusal);
            None
        }
        Err(error) => {
            tracing::debug!(%error, %remote, "cluster.handshake_failed");
            None
        }
    }
}

fn count(lines: &Lines, outcome: &'static str) {
    if lines.tls().is_some() {
        metrics::counter!("crowd_tls_handshakes_total", "port" => "cluster", "outcome" => outcome)
            .increment(1);
    }
}

async fn open(lines: &Lines, tcp: TcpStream, remote: IpAddr, stranger: &Stranger) -> io::Result<Opened> {
    let mut first = [0];
    let peeked = tokio::select! {
        biased;
        peeked = tcp.peek(&mut first) => peeked?,
        () = stranger.patience() => return Err(io::Error::from(io::ErrorKind::TimedOut)),
    };
    if peeked == 0 {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
    }
    stranger.spoke();
    let address = remote.to_string().into();
    let line = match (lines.tls(), first[0] == HANDSHAKE) {
        (None, false) => Line::plain(lines.clone(), Direction::In, address, tcp),
        (None, true) => {
            turn_away(tcp, WANTS_PLAIN).await;
            return Ok(Opened::Refused(Refusal::SpeaksTls));
        }
        (Some(_), false) => {
            turn_away(tcp, WANTS_TLS).await;
            return Ok(Opened::Refused(Refusal::SpeaksPlain));
        }
        (Some(tls), true) => {
            let node = tls.current();
            match TlsAcceptor::from(node.server.clone()).accept(tcp).into_fallible().await {
                Ok(stream) => Line::secure(lines.clone(), Direction::In, address, stream.into(), node),
                Err((error, tcp)) => {
                    // An alert is on its way.
                    turn_away(tcp, &[]).await;
                    return Refusal::of(&error).map(Opened::Refused).ok_or(error);
                }
            }
        }
    };
    Ok(Opened::Line(Box::new(line)))
}

/// Says why, and waits until that is read: a connection that is closed with unread bytes takes the answer with it.
async fn turn_away(mut tcp: TcpStream, answer: &[u8]) {
    let parting = async {
        tcp.write_all(answer).await?;
        tcp.shutdown().await?;
        tokio::io::copy(&mut tcp.take(LAST_BYTES), &mut tokio::io::sink()).await
    };
    // It need not listen.
    let _ = timeout(PARTING, parting).await;
}
