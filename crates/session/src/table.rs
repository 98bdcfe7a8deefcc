//! The table of local peers: who hosts and who watches which project. Sharded; no lock is held across an await.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crowd_directory::Hosting;
use crowd_protocol::{Have, OLDER_VERSION_S, ProjectName};
use crowd_registry::MAX_OLDER;
use crowd_relay::{LocalPeers, Responder};
use rand::RngExt;
use tokio::time::Instant;

use crate::peer::Peer;

/// Shards, so that peers of different projects do not wait for each other.
const SHARDS: usize = 64;
/// Random tries at finding two hosts that have a chunk, before all are looked at.
const TRIES: usize = 8;
/// Peer ids that are told to other nodes as a sample.
const SAMPLE: usize = 4;

/// Who hosts and watches what.
#[derive(Debug)]
pub struct PeerTable {
    shards: Box<[Mutex<HashMap<ProjectName, Project>>]>,
    hasher: RandomState,
}

/// What is known here of one project.
#[derive(Debug, Default)]
struct Project {
    hosts: Vec<Host>,
    /// Where in `hosts` each peer stands.
    places: HashMap<Arc<str>, usize>,
    /// Hosted releases; a release that is only answerable still counts as `older`.
    versions: BTreeMap<u64, Count>,
    watchers: HashMap<Arc<str>, Watcher>,
}

#[derive(Debug)]
struct Host {
    peer: Arc<Peer>,
    version: u64,
    have: Have,
    /// Newest first, at most [`MAX_OLDER`].
    older: Vec<Older>,
}

/// What a peer hosted before a newer `host`.
#[derive(Debug)]
struct Older {
    version: u64,
    have: Have,
    until: Instant,
}

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    all: u32,
    part: u32,
    older: u32,
}

#[derive(Debug)]
struct Watcher {
    peer: Arc<Peer>,
    /// The newest version it was told of, or that there was when it asked.
    told: u64,
    /// True where it asked to watch; a host that did not watches only while it hosts.
    asked: bool,
}

impl Default for PeerTable {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hasher: RandomState::new() }
    }
}

impl PeerTable {
    /// `peer` hosts `version` of `project` from now on; what it hosted before stays answerable for a while.
    pub(crate) fn host(&self, peer: &Arc<Peer>, project: &ProjectName, version: u64, have: Have) {
        let mut shard = self.shard(project);
        let entry = shard.entry(project.clone()).or_default();
        let mut older = Vec::new();
        if let Some(before) = entry.remove_host(peer.id()) {
            older = before.older;
            if before.version != version {
                let until = Instant::now() + Duration::from_secs(OLDER_VERSION_S);
                older.retain(|older| older.version != before.version);
                older.insert(0, Older { version: before.version, have: before.have, until });
            }
            older.retain(|older| older.version != version);
            older.truncate(MAX_OLDER);
        }
        entry.add_host(Host { peer: peer.clone(), version, have, older });
        let watcher = entry.watchers.entry(peer.id().clone());
        watcher.or_insert_with(|| Watcher { peer: peer.clone(), told: 0, asked: false });
    }

    /// What `peer` hosts of `project`.
    pub(crate) fn hosted(&self, peer: &Peer, project: &ProjectName) -> Option<(u64, Have)> {
        let shard = self.shard(project);
        let entry = shard.get(project)?;
        let host = &entry.hosts[*entry.places.get(peer.id())?];
        Some((host.version, host.have.clone()))
    }

    /// `peer` has more chunks. False where it does not host that version with a bit field.
    pub(crate) fn add_chunks(
        &self,
        peer: &Peer,
        project: &ProjectName,
        version: u64,
        chunks: &[u32],
    ) -> bool {
        let mut shard = self.shard(project);
        let Some(entry) = shard.get_mut(project) else { return false };
        let Some(at) = entry.places.get(peer.id()) else { return false };
        let host = &mut entry.hosts[*at];
        let older = host.older.iter_mut().find(|older| older.version == version);
        let have = match older {
            Some(older) => &mut older.have,
            None if host.version == version => &mut host.have,
            None => return false,
        };
        let Have::Bits(bits) = have else { return false };
        for chunk in chunks {
            bits.set(*chunk);
        }
        true
    }

    /// `peer` no longer hosts `project`. False where it did not.
    pub(crate) fn unhost(&self, peer: &Peer, project: &ProjectName) -> bool {
        let mut shard = self.shard(project);
        let Some(entry) = shard.get_mut(project) else { return false };
        let hosted = entry.remove_host(peer.id()).is_some();
        if entry.watchers.get(peer.id()).is_some_and(|watcher| !watcher.asked) {
            entry.watchers.remove(peer.id());
        }
        if entry.is_empty() {
            shard.remove(project);
        }
        hosted
    }

    /// `peer` wants to hear of releases of `project` newer than `known`.
    pub(crate) fn watch(&self, peer: &Arc<Peer>, project: &ProjectName, known: u64) {
        let mut shard = self.shard(project);
        let watchers = &mut shard.entry(project.clone()).or_default().watchers;
        let watcher = watchers.entry(peer.id().clone());
        let watcher = watcher.or_insert_with(|| Watcher { peer: peer.clone(), told: known, asked: true });
        watcher.asked = true;
    }

    /// Forgets what `peer` did with `project`, when it leaves. False where it did not host it.
    pub(crate) fn forget(&self, peer: &Peer, project: &ProjectName) -> bool {
        let mut shard = self.shard(project);
        let Some(entry) = shard.get_mut(project) else { return false };
        let hosted = entry.remove_host(peer.id()).is_some();
        entry.watchers.remove(peer.id());
        if entry.is_empty() {
            shard.remove(project);
        }
        hosted
    }

    /// Drops what `peer` hosted of `project` before, once its time is over.
    pub(crate) fn expire(&self, peer: &Peer, project: &ProjectName, now: Instant) {
        let mut shard = self.shard(project);
        let Some(entry) = shard.get_mut(project) else { return };
        let Some(at) = entry.places.get(peer.id()) else { return };
        let is_over = |older: &mut Older| older.until <= now;
        let over: Vec<Older> = entry.hosts[*at].older.extract_if(.., is_over).collect();
        for older in over {
            entry.count(older.version, |count| count.older -= 1);
        }
    }

    /// True where `peer` hosts or watches `project`.
    pub(crate) fn involves(&self, peer: &Peer, project: &ProjectName) -> bool {
        // Who hosts watches.
        self.shard(project).get(project).is_some_and(|entry| entry.watchers.contains_key(peer.id()))
    }

    /// Tells `peer`, where it hosts or watches `project`, that `version` exists, unless it hosts that or a newer one.
    pub(crate) fn tell(&self, peer: &Peer, project: &ProjectName, version: u64) {
        let mut shard = self.shard(project);
        let Some(entry) = shard.get_mut(project) else { return };
        let hosts = entry.hosted_version(peer.id());
        if let Some(watcher) = entry.watchers.get_mut(peer.id())
            && hosts < version
        {
            watcher.told = watcher.told.max(version);
            watcher.peer.notify(project, version);
        }
    }

    /// Tells who watches `project`, and does not host it already, that `version` exists, each once.
    pub(crate) fn updated(&self, project: &ProjectName, version: u64) {
        let mut shard = self.shard(project);
        let Some(entry) = shard.get_mut(project) else { return };
        let Project { hosts, places, watchers, .. } = entry;
        for watcher in watchers.values_mut().filter(|watcher| watcher.told < version) {
            // A publisher hosts before it is sure that its release is taken, so hosting is not yet being told.
            if places.get(watcher.peer.id()).is_some_and(|at| hosts[*at].version >= version) {
                continue;
            }
            watcher.told = version;
            watcher.peer.notify(project, version);
        }
    }

    /// Every project that somebody here hosts or watches.
    pub(crate) fn followed(&self) -> Vec<ProjectName> {
        self.shards.iter().flat_map(|shard| lock(shard).keys().cloned().collect::<Vec<_>>()).collect()
    }

    fn shard(&self, project: &ProjectName) -> MutexGuard<'_, HashMap<ProjectName, Project>> {
        let at = self.hasher.hash_one(project) as usize % SHARDS;
        lock(&self.shards[at])
    }
}

fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Project {
    fn add_host(&mut self, host: Host) {
        match host.have {
            Have::All => self.count(host.version, |count| count.all += 1),
            Have::Bits(_) => self.count(host.version, |count| count.part += 1),
        }
        for older in &host.older {
            self.count(older.version, |count| count.older += 1);
        }
        self.places.insert(host.peer.id().clone(), self.hosts.len());
        self.hosts.push(host);
    }

    fn remove_host(&mut self, peer: &Arc<str>) -> Option<Host> {
        let at = self.places.remove(peer)?;
        let host = self.hosts.swap_remove(at);
        if let Some(moved) = self.hosts.get(at) {
            self.places.insert(moved.peer.id().clone(), at);
        }
        match host.have {
            Have::All => self.count(host.version, |count| count.all -= 1),
            Have::Bits(_) => self.count(host.version, |count| count.part -= 1),
        }
        for older in &host.older {
            self.count(older.version, |count| count.older -= 1);
        }
        Some(host)
    }

    fn count(&mut self, version: u64, change: impl FnOnce(&mut Count)) {
        let count = self.versions.entry(version).or_default();
        change(count);
        if count.all + count.part + count.older == 0 {
            self.versions.remove(&version);
        }
    }

    /// What `peer` hosts; 0 where it hosts nothing.
    fn hosted_version(&self, peer: &Arc<str>) -> u64 {
        self.places.get(peer).map_or(0, |at| self.hosts[*at].version)
    }

    fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.watchers.is_empty()
    }
}

impl Host {
    /// The release under which this host has what is wanted.
    fn version_with(&self, has: &dyn Fn(u64, &Have) -> bool) -> Option<u64> {
        if has(self.version, &self.have) {
            return Some(self.version);
        }
        if self.older.is_empty() {
            return None;
        }
        let now = Instant::now();
        let has_older = |older: &&Older| now < older.until && has(older.version, &older.have);
        self.older.iter().find(has_older).map(|older| older.version)
    }
}

impl LocalPeers for PeerTable {
    fn hosting(&self, project: &ProjectName) -> Hosting {
        let shard = self.shard(project);
        let Some(entry) = shard.get(project).filter(|entry| !entry.hosts.is_empty()) else {
            return Hosting::default();
        };
        let hosted = |count: &Count| count.all + count.part > 0;
        let newest = entry.versions.iter().rev().find(|(_, count)| hosted(count));
        let (version, count) = newest.map_or((0, Count::default()), |(version, count)| (*version, *count));
        let sample = entry.hosts.iter().take(SAMPLE).map(|host| host.peer.id().clone());
        let hosts = entry.hosts.len() as u32;
        Hosting { version, all: count.all, part: hosts - count.all, sample: sample.collect() }
    }

    fn versions(&self, project: &ProjectName) -> Vec<u64> {
        let shard = self.shard(project);
        shard.get(project).map(|entry| entry.versions.keys().rev().copied().collect()).unwrap_or_default()
    }

    fn projects(&self) -> Vec<ProjectName> {
        let hosted = |shard: &Mutex<HashMap<ProjectName, Project>>| {
            let shard = lock(shard);
            let hosted = shard.iter().filter(|(_, entry)| !entry.hosts.is_empty());
            hosted.map(|(project, _)| project.clone()).collect::<Vec<_>>()
        };
        self.shards.iter().flat_map(hosted).collect()
    }

    fn pick(
        &self,
        project: &ProjectName,
        size: u32,
        has: &dyn Fn(u64, &Have) -> bool,
        asked: &[Arc<str>],
    ) -> Option<(Arc<Responder>, u64)> {
        let shard = self.shard(project);
        let hosts = &shard.get(project)?.hosts;
        let fits = |host: &Host| match host.peer.is_spent() || asked.contains(host.peer.id()) {
            true => None,
            false => host.version_with(has),
        };
        let mut rng = rand::rng();
        let mut best: Option<(usize, u64, f64)> = None;
        let mut seen = 0;
        let mut consider = |at: usize| {
            if best.is_some_and(|(best, ..)| best == at) {
                return false;
            }
            let Some(version) = fits(&hosts[at]) else { return false };
            let score = hosts[at].peer.responder.score(size);
            if best.is_none_or(|(.., lowest)| score < lowest) {
                best = Some((at, version, score));
            }
            seen += 1;
            seen == 2
        };
        let mut found = hosts.len() > TRIES && (0..TRIES).any(|_| consider(rng.random_range(0..hosts.len())));
        if !found {
            // Few hosts, or few of them have it: look at all, from a random one on.
            let start = rng.random_range(0..hosts.len().max(1));
            found = (0..hosts.len()).any(|step| consider((start + step) % hosts.len()));
        }
        tracing::trace!(two = found, "table.picked");
        best.map(|(at, version, _)| (hosts[at].peer.responder.clone(), version))
    }
}

#[cfg(test)]
mod tests;
