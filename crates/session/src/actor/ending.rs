//! The end of a connection: off the table first, then the last words, while the cluster is told what is gone.

use std::future::poll_fn;
use std::time::Duration;

use crowd_protocol::{ErrorCode, ProjectName, WireError};
use futures_util::StreamExt;
use futures_util::future::join;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Actor;
use crate::request::refuse;
use crate::sessions::Inner;

/// How long the last words of a closing connection may take.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Announcements of one peer's leaving that are under way at once.
const ANNOUNCEMENTS: usize = 16;

/// Why a connection ends.
#[derive(Debug)]
pub(super) enum End {
    Left,
    Silent,
    Stuck,
    Malformed,
    Closing,
    TooLarge,
    Broken(#[expect(dead_code, reason = "read by Debug, in the log line")] Error),
}

impl Actor {
    /// Ends the connection.
    pub(super) async fn leave(&mut self, end: End) {
        metrics::counter!("crowd_sessions_ended_total", "why" => end.label()).increment(1);
        // Before its last words, so that nobody is kept waiting for a peer that will not answer any more.
        let gone = self.leave_table();
        let sessions = self.sessions.clone();
        join(self.last_words(end), announce(&sessions, gone)).await;
    }

    /// Closes the socket in the way that fits the reason.
    async fn last_words(&mut self, end: End) {
        let (code, reason) = match end {
            End::Malformed => (CloseCode::Policy, "three malformed messages in a row"),
            End::Closing => (CloseCode::Away, "this node is leaving"),
            End::TooLarge => {
                let why = WireError::new(ErrorCode::TooLarge, "a frame is over its limit");
                self.socket.outbox.tell(refuse(None, &why));
                (CloseCode::Size, "a frame is over its limit")
            }
            End::Left => (CloseCode::Normal, ""),
            End::Silent | End::Stuck | End::Broken(_) => return,
        };
        if !matches!(end, End::Left) {
            let frame = CloseFrame { code, reason: reason.into() };
            self.socket.outbox.control(Message::Close(Some(frame)));
        }
        let close = async {
            // Until the peer has read it: closing first could reset the connection before it does.
            loop {
                match poll_fn(|cx| self.socket.poll_event(cx, true)).await {
                    Some(Ok(_)) => {}
                    // What follows a frame over the limit is no frame.
                    Some(Err(Error::Capacity(_))) => break poll_fn(|cx| self.socket.poll_drain(cx)).await,
                    Some(Err(_)) | None => break,
                }
            }
        };
        let _ = timeout(LAST_WORDS, close).await;
    }

    /// Takes the peer off the table, and gives the projects of which the cluster has to be told.
    fn leave_table(&mut self) -> Vec<ProjectName> {
        self.peer.responder.asks().close();
        self.peer.notices.close();
        self.asks.close(&self.peer.responder);
        let Self { sessions, peer, involved, changing, .. } = self;
        let mut gone: Vec<_> =
            involved.iter().filter(|project| sessions.table.forget(peer, project)).cloned().collect();
        // It may not have come to telling the cluster.
        gone.extend(changing.take().filter(|project| !gone.contains(project)));
        gone
    }
}

impl End {
    /// What it is called in metrics.
    fn label(&self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Silent => "silent",
            Self::Stuck => "stuck",
            Self::Malformed => "malformed",
            Self::Closing => "draining",
            Self::TooLarge => "too_large",
            Self::Broken(_) => "broken",
        }
    }
}

/// Tells the cluster what this node's peers host of `projects` now.
async fn announce(sessions: &Inner, projects: Vec<ProjectName>) {
    let announce = async |project: ProjectName| sessions.relay.nodes().announce(&project).await;
    futures_util::stream::iter(projects).for_each_concurrent(ANNOUNCEMENTS, announce).await;
}
