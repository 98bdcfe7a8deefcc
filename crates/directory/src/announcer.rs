//! What this node's own peers host, and the telling of it to the owners: at once where a lookup depends on it, with
//! the next tick where only counts changed. It remembers which owner holds which row, so that ex-owners are told too
//! until they are let go.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use crowd_protocol::ProjectName;

use crate::mix::key;
use crate::owner::Owner;
use crate::rings::Rings;
use crate::{Effect, Hosting, NodeName};

/// Time between two syncs of one owner, and between two tries to let ex-owners go.
pub const RETRY: Duration = Duration::from_secs(1);

/// Rows to announce, by whom they are for.
type Outbox = BTreeMap<NodeName, Vec<(ProjectName, Hosting)>>;

/// Between calls: a row's holders are exactly the owners in whose ledger it is, and the ledgers have the digest of
/// every row as it is now, but of those in `dirty`.
#[derive(Debug)]
pub(crate) struct Announcer {
    me: NodeName,
    rows: BTreeMap<ProjectName, OwnRow>,
    owners: BTreeMap<NodeName, Owner>,
    /// Rows whose counts or sample changed since they were told.
    dirty: BTreeSet<ProjectName>,
    /// When to let ex-owners go.
    sweep_at: Option<Duration>,
}

#[derive(Debug)]
struct OwnRow {
    key: u64,
    hosting: Hosting,
    holders: Vec<NodeName>,
}

impl Announcer {
    pub(crate) fn new(me: NodeName) -> Self {
        Self { me, rows: BTreeMap::new(), owners: BTreeMap::new(), dirty: BTreeSet::new(), sweep_at: None }
    }

    pub(crate) fn hosting(&self, project: &ProjectName) -> Option<&Hosting> {
        self.rows.get(project).map(|row| &row.hosting)
    }

    /// What the own peers host of the projects that come after this one by name.
    pub(crate) fn after(
        &self,
        project: Option<&ProjectName>,
    ) -> impl Iterator<Item = (&ProjectName, &Hosting)> {
        let from = project.map_or(Bound::Unbounded, Bound::Excluded);
        self.rows.range((from, Bound::Unbounded)).map(|(project, row)| (project, &row.hosting))
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Own peers changed what they host.
    pub(crate) fn host(
        &mut self,
        project: &ProjectName,
        hosting: Hosting,
        rings: &Rings,
        now: Duration,
    ) -> Vec<Effect> {
        if hosting.is_none() {
            return self.withdraw(project);
        }
        let hosting = hosting.bounded();
        let row = match self.rows.get_mut(project) {
            Some(row) if row.hosting == hosting => return Vec::new(),
            Some(row) => {
                let newer = hosting.version > row.hosting.version;
                row.hosting = hosting;
                if !newer {
                    self.dirty.insert(project.clone());
                    return Vec::new();
                }
                self.dirty.remove(project);
                row
            }
            None => {
                let key = key(project.as_str());
                let mut holders = rings.reach(key, now);
                holders.retain(|owner| *owner != self.me);
                self.rows.entry(project.clone()).or_insert(OwnRow { key, hosting, holders })
            }
        };
        let mut outbox = Outbox::new();
        for to in &row.holders {
            tell(&mut self.owners, &mut outbox, to, project, row);
        }
        announce(outbox)
    }

    /// The ring changed: new owners are told what they own now. One that just came up gets everything by a sync,
    /// empty or not, since it may hold rows of an earlier life of ours.
    pub(crate) fn rearrange(
        &mut self,
        rings: &Rings,
        came_up: Option<&NodeName>,
        now: Duration,
    ) -> Vec<Effect> {
        if let Some(node) = came_up {
            self.doubt(node);
        }
        let mut outbox = Outbox::new();
        self.flush(&mut outbox);
        for (project, row) in &mut self.rows {
            for to in rings.present().owners_of(row.key) {
                if *to != self.me && !row.holders.contains(to) {
                    row.holders.push(to.clone());
                    tell(&mut self.owners, &mut outbox, to, project, row);
                }
            }
        }
        let mut effects = announce(outbox);
        effects.extend(came_up.and_then(|node| self.sync(node, now)));
        effects
    }

    /// A node went down: it holds nothing any more.
    pub(crate) fn drop_owner(&mut self, node: &NodeName) {
        let Some(owner) = self.owners.remove(node) else { return };
        for project in owner.ledger.projects() {
            if let Some(row) = self.rows.get_mut(project) {
                row.holders.retain(|holder| holder != node);
            }
        }
    }

    /// What was told to this owner may not have arrived: sync it later.
    pub(crate) fn doubt(&mut self, to: &NodeName) {
        self.owners.entry(to.clone()).or_default().unsure = true;
    }

    /// Whatever is due. `ring_forgotten`: a previous ring was dropped, so its owners may be let go.
    pub(crate) fn tick(&mut self, rings: &Rings, ring_forgotten: bool, now: Duration) -> Vec<Effect> {
        let mut outbox = Outbox::new();
        self.flush(&mut outbox);
        if ring_forgotten {
            self.sweep_at = Some(now);
        }
        if self.sweep_at.is_some_and(|at| at <= now) {
            self.sweep(rings, &mut outbox, now);
        }
        let mut effects = announce(outbox);
        let unsure = self.owners.iter().filter(|(_, owner)| owner.wants_sync(now));
        let unsure: Vec<NodeName> = unsure.map(|(to, _)| to.clone()).collect();
        effects.extend(unsure.iter().filter_map(|to| self.sync(to, now)));
        for (to, owner) in &mut self.owners {
            if owner.wants_renewal(&self.me, to, now) {
                effects.push(Effect::Renew { to: to.clone(), digest: owner.ledger.digest() });
            }
        }
        self.owners.retain(|_, owner| !owner.is_idle(now));
        effects
    }

    fn withdraw(&mut self, project: &ProjectName) -> Vec<Effect> {
        self.dirty.remove(project);
        let Some(row) = self.rows.remove(project) else { return Vec::new() };
        let mut outbox = Outbox::new();
        for to in &row.holders {
            untell(&mut self.owners, &mut outbox, to, project);
        }
        announce(outbox)
    }

    /// Tells the dirty rows to whoever holds them.
    fn flush(&mut self, outbox: &mut Outbox) {
        for project in std::mem::take(&mut self.dirty) {
            let Some(row) = self.rows.get(&project) else { continue };
            for to in &row.holders {
                tell(&mut self.owners, outbox, to, &project, row);
            }
        }
    }

    /// Withdraws rows from nodes that own them by no ring any more; later, where a present owner is not known to
    /// have them yet.
    fn sweep(&mut self, rings: &Rings, outbox: &mut Outbox, now: Duration) {
        self.sweep_at = None;
        for (project, row) in &mut self.rows {
            let present: Vec<&NodeName> = rings.present().owners_of(row.key).collect();
            if row.holders.iter().all(|holder| present.contains(&holder)) {
                continue;
            }
            if present.iter().any(|owner| self.owners.get(*owner).is_some_and(|owner| owner.unsure)) {
                self.sweep_at = Some(now + RETRY);
                continue;
            }
            let reach = rings.reach(row.key, now);
            row.holders.retain(|holder| {
                let stays = reach.contains(holder);
                if !stays {
                    untell(&mut self.owners, outbox, holder, project);
                }
                stays
            });
        }
    }

    /// Everything that `to` should hold. Nothing is dirty when this is called.
    fn sync(&mut self, to: &NodeName, now: Duration) -> Option<Effect> {
        let owner = self.owners.get_mut(to)?;
        owner.unsure = false;
        owner.sync_at = now + RETRY;
        let row = |project: &ProjectName| Some((project.clone(), self.rows.get(project)?.hosting.clone()));
        Some(Effect::Sync { to: to.clone(), rows: owner.ledger.projects().filter_map(row).collect() })
    }
}

/// Enters the row in the ledger of `to`. Nothing is sent to one that is unsure: its sync will say it.
fn tell(
    owners: &mut BTreeMap<NodeName, Owner>,
    outbox: &mut Outbox,
    to: &NodeName,
    project: &ProjectName,
    row: &OwnRow,
) {
    let owner = owners.entry(to.clone()).or_default();
    owner.ledger.set(project, row.hosting.digest(row.key));
    if !owner.unsure {
        outbox.entry(to.clone()).or_default().push((project.clone(), row.hosting.clone()));
    }
}

/// Strikes the row out of the ledger of `to`, and says so.
fn untell(owners: &mut BTreeMap<NodeName, Owner>, outbox: &mut Outbox, to: &NodeName, project: &ProjectName) {
    let Some(owner) = owners.get_mut(to) else { return };
    owner.ledger.unset(project);
    if !owner.unsure {
        outbox.entry(to.clone()).or_default().push((project.clone(), Hosting::none()));
    }
}

fn announce(outbox: Outbox) -> Vec<Effect> {
    outbox.into_iter().map(|(to, rows)| Effect::Announce { to, rows }).collect()
}
