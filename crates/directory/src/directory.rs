//! Everything one node knows of who hosts what: its ring, its own rows and how far they were told, and the table it
//! keeps as an owner. The cluster feeds it and delivers its effects; the relay looks things up.

use std::sync::Arc;
use std::time::Duration;

use crowd_protocol::ProjectName;

use crate::announcer::Announcer;
use crate::rings::Rings;
use crate::{Effect, Hosting, NodeName, Ring, Row, SingleHosted, Table};

/// One node's part of the directory. Sans-I/O: calls return what has to be sent.
#[derive(Debug)]
pub struct Directory {
    me: NodeName,
    rings: Rings,
    announcer: Announcer,
    table: Table,
}

impl Directory {
    /// The directory of a node that knows nobody yet: the ring has it alone.
    pub fn new(me: NodeName) -> Self {
        let rings = Rings::new(me.clone());
        Self { announcer: Announcer::new(me.clone()), rings, table: Table::new(), me }
    }

    /// A node came up, or came back: it gets everything it owns. Its own rows, where a false alarm took them away,
    /// are shown again. For a node that is up already (it restarted unnoticed) it is only synced again.
    /// Linear in the projects hosted here (70 ms for 100,000), and one change of the ring (see [`Ring`]).
    pub fn node_up(&mut self, node: NodeName, now: Duration) -> Vec<Effect> {
        if node == self.me {
            return Vec::new();
        }
        self.table.resume_node(&node);
        self.rings.insert(&node, now);
        self.announcer.rearrange(&self.rings, Some(&node), now)
    }

    /// A node went down: nobody is sent to it any more, and who owns its projects now is told. Linear as
    /// [`Directory::node_up`].
    pub fn node_down(&mut self, node: &NodeName, now: Duration) -> Vec<Effect> {
        if *node == self.me {
            return Vec::new();
        }
        self.table.suspend_node(node);
        if !self.rings.remove(node, now) {
            return Vec::new();
        }
        self.announcer.drop_owner(node);
        self.announcer.rearrange(&self.rings, None, now)
    }

    /// The peers of this node changed what they host; a hosting that is none withdraws. A project's first appearance,
    /// a higher version and a withdrawal are announced at once; all else goes out with the next tick, so that 10,000
    /// peers that come to one project cost a handful of announcements.
    pub fn host(&mut self, project: &ProjectName, hosting: Hosting, now: Duration) -> Vec<Effect> {
        self.announcer.host(project, hosting, &self.rings, now)
    }

    /// Call it about every 250 ms: changed counts, failed syncs again, renewals, and the end of leases and transitions.
    pub fn tick(&mut self, now: Duration) -> Vec<Effect> {
        self.table.expire(now);
        let ring_forgotten = self.rings.forget(now);
        self.announcer.tick(&self.rings, ring_forgotten, now)
    }

    /// An effect towards `to` did not arrive. All it should hold is sent again with a later tick, at most every
    /// [`RETRY`](crate::RETRY).
    pub fn failed(&mut self, to: &NodeName) {
        if *to != self.me && self.rings.present().contains(to) {
            self.announcer.doubt(to);
        }
    }

    /// The answer to [`Effect::Renew`]. False: what `to` holds is not what it was told, so it is synced.
    pub fn renewal(&mut self, to: &NodeName, ok: bool) {
        if !ok {
            self.failed(to);
        }
    }

    /// [`Effect::Announce`] of another node arrived. How many rows were refused, see [`MAX_ROWS`](crate::MAX_ROWS).
    pub fn announced(&mut self, from: &NodeName, rows: Vec<(ProjectName, Hosting)>, now: Duration) -> usize {
        if *from == self.me { rows.len() } else { self.table.put_all(from, rows, now) }
    }

    /// [`Effect::Sync`] of another node arrived. How many rows were refused.
    pub fn synced(&mut self, from: &NodeName, rows: Vec<(ProjectName, Hosting)>, now: Duration) -> usize {
        if *from == self.me { rows.len() } else { self.table.replace(from, rows, now) }
    }

    /// [`Effect::Renew`] of another node arrived. The answer it gets: false where it has to sync.
    pub fn renewed(&mut self, from: &NodeName, digest: u64, now: Duration) -> bool {
        self.table.renew(from, digest, now)
    }

    /// The other nodes that host `project`, best first, by what they told this node as an owner.
    pub fn find(&self, project: &ProjectName, now: Duration) -> Vec<Row> {
        self.table.find(project, now)
    }

    /// The answer for another node that asks: [`Directory::find`] and this node itself, where its peers host `project`.
    pub fn find_for_others(&self, project: &ProjectName, now: Duration) -> Vec<Row> {
        let mut rows = self.find(project, now);
        if let Some(hosting) = self.announcer.hosting(project) {
            rows.push(Row { node: self.me.clone(), hosting: hosting.clone() });
            Row::sort(&mut rows);
        }
        rows
    }

    /// Whom to ask for hosts of `project`: its owners; in transition then those by the rings before, that are still
    /// up. This node is among them where it is one. Ask all before saying that there is no host.
    pub fn owners(&self, project: &ProjectName, now: Duration) -> Vec<NodeName> {
        self.rings.reach(crate::mix::key(project.as_str()), now)
    }

    /// True for [`TRANSITION`](crate::TRANSITION) after a change of the ring. A node that just started sees the
    /// cluster come up around it: until this ends its lookups may miss hosts.
    pub fn in_transition(&self, now: Duration) -> bool {
        self.rings.in_transition(now)
    }

    /// The nodes that are up, this one included, by name.
    pub fn nodes(&self) -> Vec<NodeName> {
        self.ring().nodes()
    }

    /// The present ring, to publish as it is.
    pub fn ring(&self) -> &Arc<Ring> {
        self.rings.present()
    }

    /// This node's name.
    pub fn me(&self) -> &NodeName {
        &self.me
    }

    /// The part of all projects, 0 to 1, that this node is the first owner of.
    pub fn share(&self) -> f64 {
        self.ring().share(&self.me)
    }

    /// What the own peers host of `project`.
    pub fn hosting(&self, project: &ProjectName) -> Option<&Hosting> {
        self.announcer.hosting(project)
    }

    /// Looks at up to `most` of the projects known here that come after `after` by name, for those that one peer hosts
    /// and nobody else. Each is told by its first owner alone, so that no two nodes tell the same one.
    pub fn single_hosted(&self, after: Option<&ProjectName>, most: usize, now: Duration) -> SingleHosted {
        SingleHosted::look(&self.table, &self.announcer, after, most, now, |project| {
            self.ring().owners_of(crate::mix::key(project.as_str())).next() == Some(&self.me)
        })
    }

    /// Rows held for other nodes.
    pub fn table_len(&self) -> usize {
        self.table.len()
    }

    /// Projects that the own peers host.
    pub fn own_len(&self) -> usize {
        self.announcer.len()
    }
}
