//! The heart of a peer: one task that owns its connections, what awaits answers and what is hosted.
//! It never waits for a socket: links write, and stores are read, beside it.

mod moving;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crowd_protocol::{ErrorCode, NodeMessage, PeerMessage, ProjectName, Release, TraceParent, WireError};
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_tungstenite::tungstenite::Message;

use crate::command::{Answered, Command};
use crate::dial::{Dialed, Dialer};
use crate::hostings::Hostings;
use crate::keep_alive::Pulse;
use crate::link::{INBOX, Link, LinkEvent, LinkId, encode};
use crate::nodes::Nodes;
use crate::pending::{Pending, Waiter, Waiting};
use crate::serving::{Asked, Served, Serving};
use crate::shared::Shared;
use crate::{Event, NodeUrl, PeerConfig, PeerError};

/// How often connections are felt and what is over is swept up.
const TICK: Duration = Duration::from_secs(1);
/// A connection that stood this long was a good one: the next failure is the first again.
const GOOD: Duration = Duration::from_secs(10);
/// A node that is left is listened to for this long, for what is in flight.
const LEAVE_LEAST: Duration = Duration::from_secs(2);
/// And no longer than this, whatever it still owes.
const LEAVE_MOST: Duration = Duration::from_secs(15);
/// A node's wait before a move is believed up to here.
const WAIT_MOST: Duration = Duration::from_secs(60);
/// Before a project that the node could not take now is announced again.
const HOST_AGAIN: Duration = Duration::from_secs(3);

pub(crate) struct Actor {
    config: PeerConfig,
    dialer: Arc<Dialer>,
    shared: Arc<Shared>,
    commands: mpsc::Receiver<Command>,
    inbox: mpsc::Receiver<(LinkId, LinkEvent)>,
    inbox_sender: mpsc::Sender<(LinkId, LinkEvent)>,
    links_made: LinkId,
    current: Option<Link>,
    /// The node that said goaway, once another took its place.
    leaving: Option<(Link, Instant)>,
    nodes: Nodes,
    /// The node to try last.
    left: Option<NodeUrl>,
    dialing: Option<BoxFuture<'static, Result<Dialed, PeerError>>>,
    dial_at: Option<Instant>,
    failures: u32,
    pending: Pending,
    hostings: Hostings,
    watched: BTreeSet<ProjectName>,
    /// Projects to announce again, and when.
    host_again: Vec<(Instant, ProjectName)>,
    serving: Serving,
}

impl Actor {
    pub(crate) fn new(
        config: PeerConfig,
        dialer: Arc<Dialer>,
        shared: Arc<Shared>,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        let (inbox_sender, inbox) = mpsc::channel(INBOX);
        Self {
            nodes: Nodes::new(config.urls.clone()),
            config,
            dialer,
            shared,
            commands,
            inbox,
            inbox_sender,
            links_made: 0,
            current: None,
            leaving: None,
            left: None,
            dialing: None,
            dial_at: None,
            failures: 0,
            pending: Pending::default(),
            hostings: Hostings::default(),
            watched: BTreeSet::new(),
            host_again: Vec::new(),
            serving: Serving::default(),
        }
    }

    /// Runs until the last handle is gone or one of them closes the peer.
    pub(crate) async fn run(mut self) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let cancel = self.shared.cancel.clone();
        loop {
            tokio::select! {
                () = cancel.cancelled() => break,
                command = self.commands.recv() => match command {
                    Some(command) => self.on_command(command),
                    None => break,
                },
                Some((link, event)) = self.inbox.recv() => self.on_link(link, event),
                permit = room(&self.current), if self.pending.has_unsent() => self.send_next(permit),
                served = self.serving.next() => self.on_served(served),
                dialed = outcome(&mut self.dialing) => self.on_dialed(dialed),
                () = due(self.dial_at), if self.dialing.is_none() => self.dial(),
                _ = tick.tick() => self.on_tick(Instant::now()),
            }
        }
        // The receiver goes first, so that links don't wait for it to take what they read.
        let Self { current, leaving, inbox, shared, .. } = self;
        drop(inbox);
        shared.connection.send_replace(None);
        for link in current.into_iter().chain(leaving.map(|(link, _)| link)) {
            link.close().await;
        }
    }

    fn on_command(&mut self, Command { message, store, reply }: Command) {
        match (&message, store) {
            (PeerMessage::Publish { release, .. }, Some(store)) => {
                self.hostings.offer(&release.project, release.version, store);
            }
            (PeerMessage::Host { project, version, .. }, Some(store)) => {
                self.hostings.offer(project, *version, store);
            }
            (PeerMessage::Have { project, version, chunks }, _) => {
                self.hostings.more(project, *version, chunks);
            }
            // At once, or a reconnection before the answer would announce it again.
            (PeerMessage::Unhost { project, .. }, _) => {
                self.hostings.remove(project);
                self.watched.remove(project);
            }
            (PeerMessage::Watch { project, .. }, _) => {
                self.watched.insert(project.clone());
            }
            _ => {}
        }
        match (id_of(&message), reply) {
            (Some(id), Some(reply)) => self.pending.ask(id, message, Waiter::Handle(reply)),
            // A node that is not there learns it from the next `host`.
            _ if self.current.is_some() => self.pending.tell(message),
            _ => {}
        }
    }

    fn send_next(&mut self, permit: mpsc::OwnedPermit<Message>) {
        let Some(link) = &self.current else { return };
        self.pending.send_next(link.id, |message| {
            permit.send(encode(message));
        });
    }

    fn on_link(&mut self, id: LinkId, event: LinkEvent) {
        let leaving = self.leaving.as_mut().map(|(link, _)| link);
        let Some(link) = self.current.iter_mut().chain(leaving).find(|link| link.id == id) else { return };
        link.keep_alive.heard(Instant::now());
        match event {
            LinkEvent::Heard => {}
            LinkEvent::Ended(why) => self.on_lost(id, why),
            LinkEvent::Message(message) => {
                let outbox = link.outbox.clone();
                self.on_message(id, message, outbox);
            }
        }
    }

    fn on_message(&mut self, link: LinkId, message: NodeMessage, outbox: mpsc::Sender<Message>) {
        match message {
            NodeMessage::Request { id, project, version, sha256, traceparent } => {
                let stores = self.hostings.stores(&project, version);
                let trace = traceparent.as_deref().and_then(TraceParent::parse);
                self.serving.start(Asked { id, project, sha256, stores, trace, outbox });
            }
            NodeMessage::Updated { project, version } => {
                self.shared.emit(Event::Updated { project, version });
            }
            NodeMessage::Goaway { reason, nodes, reconnect_in_ms } => {
                tracing::info!(reason, reconnect_in_ms, "node.goaway");
                self.on_goaway(link, &nodes, Duration::from_millis(reconnect_in_ms).min(WAIT_MOST));
            }
            NodeMessage::Welcome { nodes, .. } => self.nodes.tell(&nodes),
            NodeMessage::Error(error) => match error.id {
                Some(id) => self.on_answer(link, id, Err(error.into())),
                None => tracing::warn!(code = %error.code, message = error.message, "node.error"),
            },
            NodeMessage::Ok { id } => self.on_answer(link, id, Ok(message)),
            NodeMessage::Release { id, .. } => self.on_answer(link, id, Ok(message)),
            NodeMessage::Response(ref answer) => self.on_answer(link, answer.id, Ok(message)),
        }
    }

    fn on_answer(&mut self, link: LinkId, id: u64, answer: Answered) {
        let Some(Waiting { message, waiter, .. }) = self.pending.answered(link, id) else { return };
        let now = Instant::now();
        match (&message, &answer) {
            (PeerMessage::Host { project, version, have, .. }, Ok(_)) => {
                // Chunks that came while the node was asked again are not to be forgotten.
                if matches!(waiter, Waiter::Handle(_)) {
                    self.hostings.announced(project, *version, have.clone(), now);
                }
            }
            (PeerMessage::Publish { release, have, .. }, Ok(_)) => match have {
                Some(have) => self.hostings.announced(&release.project, release.version, have.clone(), now),
                None => self.hostings.withdraw(&release.project, release.version),
            },
            (PeerMessage::Host { project, .. }, Err(error)) if matches!(waiter, Waiter::Actor) => {
                self.on_host_refused(project.clone(), error, now);
            }
            (_, Err(_)) => self.withdraw(&message),
            _ => {}
        }
        // Answered by the node that is left: the one that took its place was told before this was known.
        if answer.is_ok()
            && self.current.as_ref().is_some_and(|current| current.id != link)
            && let PeerMessage::Host { project, .. }
            | PeerMessage::Publish { release: Release { project, .. }, .. } = &message
        {
            self.announce_hosted(project);
        }
        if let Waiter::Handle(reply) = waiter {
            reply.send(answer).ok();
        }
    }

    fn on_host_refused(&mut self, project: ProjectName, error: &WireError, now: Instant) {
        if matches!(error.code, ErrorCode::RateLimited | ErrorCode::Internal | ErrorCode::Timeout) {
            let wait = error.retry_after_ms.map_or(HOST_AGAIN, Duration::from_millis).min(WAIT_MOST);
            self.host_again.push((now + wait, project));
            return;
        }
        tracing::warn!(%project, code = %error.code, message = %error.message, "host.refused");
        self.shared.emit(Event::HostRefused { project, error: error.clone() });
    }

    /// What `message` offered was not accepted.
    fn withdraw(&mut self, message: &PeerMessage) {
        match message {
            PeerMessage::Publish { release, .. } => self.hostings.withdraw(&release.project, release.version),
            PeerMessage::Host { project, version, .. } => self.hostings.withdraw(project, *version),
            _ => {}
        }
    }

    fn on_served(&mut self, Served { project, bytes }: Served) {
        match bytes {
            Some(bytes) => {
                self.shared.counters.served(bytes);
                self.shared.emit(Event::Served { project, bytes });
            }
            None => {
                self.shared.counters.not_here();
                self.shared.emit(Event::NotHere { project });
            }
        }
    }

    fn announce_hosted(&mut self, project: &ProjectName) {
        let announcement = self.hostings.announcement(project).map(|(version, have)| (version, have.clone()));
        if let Some((version, have)) = announcement {
            self.ask_self(|id| PeerMessage::Host { id, project: project.clone(), version, have });
        }
    }

    fn ask_self(&mut self, message: impl FnOnce(u64) -> PeerMessage) {
        let id = self.shared.next_id();
        self.pending.ask(id, message(id), Waiter::Actor);
    }

    fn on_tick(&mut self, now: Instant) {
        for Waiting { message, .. } in self.pending.abandoned() {
            self.withdraw(&message);
        }
        self.hostings.sweep(now);
        let due: Vec<_> = self.host_again.extract_if(.., |(at, _)| *at <= now).collect();
        for (_, project) in due {
            self.announce_hosted(&project);
        }
        let done = self.leaving.take_if(|(link, since)| {
            let age = now.saturating_duration_since(*since);
            age >= LEAVE_MOST || (age >= LEAVE_LEAST && !self.pending.awaits(link.id))
        });
        if let Some((link, _)) = done {
            self.pending.lost(link.id);
        }
        let Some(current) = &mut self.current else { return };
        if now.saturating_duration_since(current.since) >= GOOD {
            self.failures = 0;
        }
        match current.keep_alive.check(now) {
            Pulse::Fine => {}
            Pulse::Ask => self.ask_self(|id| PeerMessage::Ping { id }),
            Pulse::Dead => {
                let id = current.id;
                self.on_lost(id, "nothing came for two heartbeats".to_owned());
            }
        }
    }
}

/// Room for one message on the current connection; for ever where there is none.
async fn room(current: &Option<Link>) -> mpsc::OwnedPermit<Message> {
    if let Some(link) = current
        && let Ok(permit) = link.outbox.clone().reserve_owned().await
    {
        return permit;
    }
    // A closed outbox: the link's end is in the inbox.
    std::future::pending().await
}

async fn outcome(
    dialing: &mut Option<BoxFuture<'static, Result<Dialed, PeerError>>>,
) -> Result<Dialed, PeerError> {
    match dialing {
        Some(dialing) => dialing.await,
        None => std::future::pending().await,
    }
}

async fn due(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// The id of a message that is answered.
fn id_of(message: &PeerMessage) -> Option<u64> {
    match message {
        PeerMessage::Publish { id, .. }
        | PeerMessage::Resolve { id, .. }
        | PeerMessage::Host { id, .. }
        | PeerMessage::Unhost { id, .. }
        | PeerMessage::Request { id, .. }
        | PeerMessage::Watch { id, .. }
        | PeerMessage::Ping { id } => Some(*id),
        PeerMessage::Have { .. } | PeerMessage::Response(_) | PeerMessage::Error(_) => None,
    }
}
