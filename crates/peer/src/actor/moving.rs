//! How an actor comes from one node to another: a connection that is lost, a node that leaves, the search for the next.

use std::sync::Arc;
use std::time::Duration;

use crowd_protocol::PeerMessage;
use tokio::time::Instant;

use super::{Actor, GOOD};
use crate::dial::Dialed;
use crate::link::{Link, LinkId};
use crate::{Event, PeerError};

impl Actor {
    pub(super) fn on_goaway(&mut self, link: LinkId, nodes: &[String], wait: Duration) {
        self.nodes.tell(nodes);
        if let Some(current) = self.current.as_ref().filter(|current| current.id == link) {
            self.left = Some(current.connection.url.clone());
            self.dial_at = Some(Instant::now() + wait);
        }
    }

    pub(super) fn on_lost(&mut self, id: LinkId, why: String) {
        self.pending.lost(id);
        if self.leaving.as_ref().is_some_and(|(link, _)| link.id == id) {
            self.leaving = None;
            return;
        }
        let Some(link) = self.current.take_if(|link| link.id == id) else { return };
        tracing::info!(url = %link.connection.url, why, "node.lost");
        self.pending.untell();
        self.shared.connection.send_replace(None);
        self.shared.emit(Event::Disconnected { why });
        if link.since.elapsed() >= GOOD {
            self.failures = 0;
        }
        self.failures += 1;
        self.left = Some(link.connection.url.clone());
        // After a goaway the node has said when to come.
        if self.dialing.is_none() && self.dial_at.is_none() {
            self.dial_at = Some(Instant::now() + self.config.backoff.wait(self.failures));
        }
    }

    pub(super) fn dial(&mut self) {
        self.dial_at = None;
        let Some(url) = self.nodes.next(self.left.as_ref()) else { return };
        let dialer = Arc::clone(&self.dialer);
        self.dialing = Some(Box::pin(async move { dialer.dial(&url).await }));
    }

    pub(super) fn on_dialed(&mut self, dialed: Result<Dialed, PeerError>) {
        self.dialing = None;
        match dialed {
            Ok(dialed) => self.install(dialed),
            Err(error) => {
                self.failures += 1;
                let wait = self.config.backoff.wait(self.failures);
                tracing::info!(%error, wait_ms = wait.as_millis() as u64, "node.unreachable");
                self.dial_at = Some(Instant::now() + wait);
            }
        }
    }

    /// Makes a new connection the current one, and tells its node what this peer hosts and watches.
    pub(crate) fn install(&mut self, dialed: Dialed) {
        let connection = dialed.connection.clone();
        self.links_made += 1;
        let link = Link::spawn(self.links_made, dialed, self.inbox_sender.clone());
        if let Some(old) = self.current.replace(link)
            && let Some((older, _)) = self.leaving.replace((old, Instant::now()))
        {
            self.pending.lost(older.id);
        }
        self.nodes.tell(&connection.nodes);
        self.nodes.settled();
        self.host_again.clear();
        for project in self.hostings.announced_projects() {
            self.announce_hosted(&project);
        }
        for project in self.watched.clone() {
            self.ask_self(|id| PeerMessage::Watch { id, project });
        }
        tracing::info!(url = %connection.url, node = connection.node, "node.connected");
        self.shared.counters.connected();
        self.shared.connection.send_replace(Some(connection.clone()));
        self.shared.emit(Event::Connected(connection));
    }
}
