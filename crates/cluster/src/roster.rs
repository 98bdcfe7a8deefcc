//! Applies who is up to the directory and the neighbours: a node that came up gets a link and a courier, one that
//! went down loses both and is asked nothing any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use crowd_directory::NodeName;
use crowd_relay::{Kind, Responder};
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Member;
use crate::courier::{Courier, Tools};
use crate::link::{Link, Target};
use crate::neighbours::{Neighbour, Neighbours};

/// The one task that changes the neighbours.
pub(crate) struct Roster {
    pub(crate) me: NodeName,
    pub(crate) neighbours: Arc<Neighbours>,
    pub(crate) tools: Tools,
    pub(crate) tasks: TaskTracker,
    pub(crate) cancel: CancellationToken,
    /// Who is up is told to the rest of the node only once it is applied: whoever sees a member can ask it, and
    /// what is announced from then on reaches it.
    pub(crate) applied: watch::Sender<Arc<Vec<Member>>>,
}

impl Roster {
    /// Follows the membership until it is cancelled.
    pub(crate) async fn run(self, mut members: watch::Receiver<Arc<Vec<Member>>>) {
        let mut applied = BTreeMap::new();
        loop {
            let all = members.borrow_and_update().clone();
            let present: BTreeMap<NodeName, Member> = all
                .iter()
                .filter(|member| member.name != self.me)
                .map(|member| (member.name.clone(), member.clone()))
                .collect();
            for gone in applied.keys().filter(|name| !present.contains_key(*name)) {
                self.down(gone).await;
            }
            for (name, member) in &present {
                if applied.get(name) != Some(member) {
                    self.up(member).await;
                }
            }
            applied = present;
            self.applied.send_replace(all);
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => break,
                changed = members.changed() => if changed.is_err() { break },
            }
        }
        self.neighbours.clear();
    }

    /// A node came up, or a later life of one took its place.
    async fn up(&self, member: &Member) {
        let delivering = self.cancel.child_token();
        let responder = Arc::new(Responder::new(member.name.as_str(), Kind::Node).at(&member.address));
        let (courier, courier_run) =
            Courier::new(member.name.clone(), member.address.clone(), self.tools.clone());
        let target = Target {
            node: member.name.clone(),
            address: member.address.clone(),
            responder: responder.clone(),
            dialer: self.tools.dialer.clone(),
            tasks: self.tasks.clone(),
            cancel: self.cancel.clone(),
        };
        match Link::new(target) {
            Ok(link) => link.start(),
            // Every member's address was checked to be HOST:PORT, but not that it is one of a URL.
            Err(error) => tracing::warn!(node = %member.name, %error, "link.bad_address"),
        }
        self.tasks.spawn(delivering.clone().run_until_cancelled_owned(courier_run.run()));
        let neighbour = Neighbour { member: member.clone(), responder, courier, delivering };
        if let Some(former) = self.neighbours.insert(neighbour) {
            former.close();
        }
        let (directory, name) = (self.tools.directory.clone(), member.name.clone());
        // Among a thousand nodes a change of the ring takes 12 ms.
        let changed = spawn_blocking(move || directory.act(|directory, now| directory.node_up(name, now)));
        let _ = changed.await;
    }

    async fn down(&self, name: &NodeName) {
        if let Some(former) = self.neighbours.remove(name) {
            former.close();
        }
        let (directory, name) = (self.tools.directory.clone(), name.clone());
        let changed = spawn_blocking(move || directory.act(|directory, now| directory.node_down(&name, now)));
        let _ = changed.await;
    }
}
