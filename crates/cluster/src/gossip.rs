//! The membership protocol: SWIM, as foca does it without I/O. One task owns it, feeds it packets and timers, and
//! publishes who is up.

use std::collections::BTreeMap;
use std::num::{NonZeroU8, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use crowd_directory::NodeName;
use crowd_rpc::MAX_GOSSIP;
use foca::{AccumulatingRuntime, Foca, NoCustomBroadcast, OwnedNotification, PeriodicParams, PostcardCodec};
use futures_util::future::join_all;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::dialer::Dialer;
use crate::postman::{Packet, send};
use crate::timers::Timers;
use crate::{Member, ProbeConfig};

/// Inputs that wait for the task: packets past it are dropped, as a network would.
pub(crate) const INPUTS: usize = 1_024;
/// How long a leaving node waits for its last packets to arrive.
const FAREWELL: Duration = Duration::from_millis(800);

/// What the task is told.
#[derive(Debug)]
pub(crate) enum Input {
    /// A packet came.
    Packet(Bytes),
    /// A node of this cluster was found: ask it who is there.
    Found(Member),
    /// Say goodbye, then answer.
    Leave(oneshot::Sender<()>),
}

/// The owner of the protocol.
pub(crate) struct Gossip {
    foca: Foca<Member, PostcardCodec, StdRng, NoCustomBroadcast>,
    effects: AccumulatingRuntime<Member>,
    timers: Timers,
    up: BTreeMap<NodeName, Member>,
    members: watch::Sender<Arc<Vec<Member>>>,
    packets: mpsc::Sender<Packet>,
    dialer: Dialer,
}

impl Gossip {
    /// `me` is alone until somebody is found. Who is up, by name and `me` included, is published to `members`.
    pub(crate) fn new(
        me: Member,
        probe: ProbeConfig,
        members: watch::Sender<Arc<Vec<Member>>>,
        packets: mpsc::Sender<Packet>,
        dialer: Dialer,
    ) -> Self {
        let rng = StdRng::from_rng(&mut rand::rng());
        Self {
            foca: Foca::new(me, config(probe), rng, PostcardCodec),
            effects: AccumulatingRuntime::new(),
            timers: Timers::default(),
            up: BTreeMap::new(),
            members,
            packets,
            dialer,
        }
    }

    /// Runs the protocol until it is cancelled; after a farewell it does nothing more.
    pub(crate) async fn run(mut self, mut inputs: mpsc::Receiver<Input>, cancel: CancellationToken) {
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => return,
                due = self.timers.due() => {
                    for timer in due {
                        note_error(self.foca.handle_timer(timer, &mut self.effects));
                    }
                }
                input = inputs.recv() => match input {
                    Some(Input::Packet(packet)) => {
                        note_error(self.foca.handle_data(&packet, &mut self.effects));
                    }
                    Some(Input::Found(member)) => note_error(self.foca.announce(member, &mut self.effects)),
                    Some(Input::Leave(done)) => {
                        self.leave().await;
                        // Nobody waiting any more is fine.
                        let _ = done.send(());
                        cancel.cancelled().await;
                        return;
                    }
                    None => return,
                }
            }
            self.perform();
        }
    }

    /// Does what the protocol wants done.
    fn perform(&mut self) {
        while let Some((to, bytes)) = self.effects.to_send() {
            let packet = Packet { address: to.address, bytes };
            if self.packets.try_send(packet).is_err() {
                metrics::counter!("crowd_queue_full_total", "queue" => "gossip_out").increment(1);
            }
        }
        while let Some((after, timer)) = self.effects.to_schedule() {
            self.timers.set(after, timer);
        }
        let mut changed = false;
        while let Some(news) = self.effects.to_notify() {
            changed |= self.note(news);
        }
        if changed {
            self.publish();
        }
    }

    /// True where it changes who is up.
    fn note(&mut self, news: OwnedNotification<Member>) -> bool {
        match news {
            OwnedNotification::MemberUp(member) => {
                tracing::info!(node = %member.name, address = %member.address, "cluster.node_up");
                count_change("up");
                self.up.insert(member.name.clone(), member);
                true
            }
            OwnedNotification::MemberDown(member) => {
                // A later life under the same name is another node.
                let there = self.up.get(&member.name).is_some_and(|up| *up == member);
                if there {
                    tracing::warn!(node = %member.name, "cluster.node_down");
                    count_change("down");
                    self.up.remove(&member.name);
                }
                there
            }
            OwnedNotification::Rename(_, later) => match self.up.get_mut(&later.name) {
                Some(up) => {
                    tracing::info!(node = %later.name, address = %later.address, "cluster.node_restarted");
                    *up = later;
                    true
                }
                None => false,
            },
            OwnedNotification::Rejoin(me) => {
                tracing::warn!(incarnation = me.incarnation, "cluster.rejoined");
                true
            }
            OwnedNotification::Active | OwnedNotification::Idle | OwnedNotification::Defunct => false,
        }
    }

    fn publish(&self) {
        let mut members: Vec<Member> = self.up.values().cloned().collect();
        members.push(self.foca.identity().clone());
        members.sort_by(|a, b| a.name.cmp(&b.name));
        self.members.send_replace(Arc::new(members));
    }

    async fn leave(&mut self) {
        note_error(self.foca.leave_cluster(&mut self.effects));
        let mut farewells = Vec::new();
        while let Some((to, bytes)) = self.effects.to_send() {
            farewells.push(send(&self.dialer, Packet { address: to.address, bytes }));
        }
        let arrived = timeout(FAREWELL, join_all(farewells)).await.is_ok();
        tracing::info!(arrived, "cluster.left");
    }
}

fn count_change(change: &'static str) {
    metrics::counter!("crowd_member_changes_total", "change" => change).increment(1);
}

/// Packets of a former life, of strangers or too late are no reason to stop.
fn note_error(result: Result<(), foca::Error>) {
    if let Err(error) = result {
        tracing::debug!(%error, "cluster.gossip_error");
    }
}

fn config(probe: ProbeConfig) -> foca::Config {
    let some = |n| NonZeroUsize::new(n).expect("more than none");
    let every = |frequency, n| Some(PeriodicParams { frequency, num_members: some(n) });
    foca::Config {
        probe_period: probe.period,
        probe_rtt: probe.rtt,
        num_indirect_probes: some(3),
        max_transmissions: NonZeroU8::new(12).expect("more than none"),
        suspect_to_down_after: probe.suspicion,
        // Names may be new with each life, as those of containers are: the dead are forgotten in the end.
        remove_down_after: Some(Duration::from_secs(6 * 3600)),
        max_packet_size: some(MAX_GOSSIP),
        notify_down_members: true,
        periodic_announce: every(Duration::from_secs(5), 1),
        // Heals a partition that was taken for deaths.
        periodic_announce_to_down_members: every(Duration::from_secs(10), 2),
        periodic_gossip: every(Duration::from_millis(200), 3),
    }
}
