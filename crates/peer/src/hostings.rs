//! What a peer hosts: what it told the node, and the stores that it answers from.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crowd_protocol::{BitField, Have, OLDER_VERSION_S, ProjectName};
use tokio::time::Instant;

use crate::ChunkStore;

/// The older version is answered for a little longer than nodes ask for it.
const OLDER: Duration = Duration::from_secs(OLDER_VERSION_S + 5);

#[derive(Default)]
struct Hosting {
    /// The version that the node has accepted this peer as a host of.
    announced: Option<(u64, Have)>,
    stores: Vec<Held>,
}

struct Held {
    version: u64,
    store: Arc<dyn ChunkStore>,
    /// When an older version's store is let go.
    until: Option<Instant>,
}

/// By project, every version that may still be asked for.
#[derive(Default)]
pub(crate) struct Hostings {
    projects: HashMap<ProjectName, Hosting>,
}

impl Hostings {
    /// From now on `version` is answered from `store`, whether the node has accepted it yet or not: it asks for a
    /// release's manifest before it does.
    pub(crate) fn offer(&mut self, project: &ProjectName, version: u64, store: Arc<dyn ChunkStore>) {
        let hosting = self.projects.entry(project.clone()).or_default();
        hosting.stores.retain(|held| held.version != version);
        hosting.stores.push(Held { version, store, until: None });
    }

    /// The node has accepted this peer as a host of `version`.
    pub(crate) fn announced(&mut self, project: &ProjectName, version: u64, have: Have, now: Instant) {
        let Some(hosting) = self.projects.get_mut(project) else { return };
        hosting.announced = Some((version, have));
        for held in &mut hosting.stores {
            held.until = (held.version != version).then(|| held.until.unwrap_or(now + OLDER));
        }
    }

    /// Chunks that are here now.
    pub(crate) fn more(&mut self, project: &ProjectName, version: u64, chunks: &[u32]) {
        let announced = self.projects.get_mut(project).and_then(|hosting| hosting.announced.as_mut());
        if let Some((at, Have::Bits(bits))) = announced
            && *at == version
        {
            set_all(bits, chunks);
        }
    }

    /// `version` was not accepted.
    pub(crate) fn withdraw(&mut self, project: &ProjectName, version: u64) {
        let Some(hosting) = self.projects.get_mut(project) else { return };
        if hosting.announced.as_ref().is_none_or(|(announced, _)| *announced != version) {
            hosting.stores.retain(|held| held.version != version);
        }
        self.forget_empty();
    }

    pub(crate) fn remove(&mut self, project: &ProjectName) {
        self.projects.remove(project);
    }

    /// Where to look for a chunk: the version's own store, then the others, the newest first.
    pub(crate) fn stores(&self, project: &ProjectName, version: u64) -> Vec<Arc<dyn ChunkStore>> {
        let Some(hosting) = self.projects.get(project) else { return Vec::new() };
        let mut held: Vec<&Held> = hosting.stores.iter().collect();
        held.sort_by_key(|held| (held.version != version, std::cmp::Reverse(held.version)));
        held.into_iter().map(|held| Arc::clone(&held.store)).collect()
    }

    /// The projects that a new connection has to be told of.
    pub(crate) fn announced_projects(&self) -> Vec<ProjectName> {
        let announced = self.projects.iter().filter(|(_, hosting)| hosting.announced.is_some());
        announced.map(|(project, _)| project.clone()).collect()
    }

    pub(crate) fn announcement(&self, project: &ProjectName) -> Option<(u64, &Have)> {
        let (version, have) = self.projects.get(project)?.announced.as_ref()?;
        Some((*version, have))
    }

    /// Lets go of what is older for long enough.
    pub(crate) fn sweep(&mut self, now: Instant) {
        for hosting in self.projects.values_mut() {
            hosting.stores.retain(|held| held.until.is_none_or(|until| until > now));
        }
        self.forget_empty();
    }

    fn forget_empty(&mut self) {
        self.projects.retain(|_, hosting| !hosting.stores.is_empty());
    }
}

fn set_all(bits: &mut BitField, chunks: &[u32]) {
    for chunk in chunks {
        bits.set(*chunk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;

    #[test]
    fn an_older_version_stays_answerable_for_a_while_and_a_refused_one_does_not() {
        let project: ProjectName = "site".parse().unwrap();
        let mut hostings = Hostings::default();
        let now = Instant::now();
        let store = || Arc::new(MemoryStore::default()) as Arc<dyn ChunkStore>;
        hostings.offer(&project, 1, store());
        hostings.announced(&project, 1, Have::All, now);
        hostings.offer(&project, 2, store());
        assert_eq!(hostings.stores(&project, 2).len(), 2);
        hostings.withdraw(&project, 2);
        assert_eq!(hostings.stores(&project, 2).len(), 1);
        hostings.offer(&project, 3, store());
        hostings.announced(&project, 3, Have::Bits(BitField::new(8)), now);
        hostings.more(&project, 3, &[1]);
        hostings.more(&project, 1, &[2]);
        let (version, Have::Bits(bits)) = hostings.announcement(&project).unwrap() else { panic!("bits") };
        assert_eq!((version, bits.as_bytes()), (3, &[0x40][..]));
        hostings.sweep(now + Duration::from_secs(60));
        assert_eq!(hostings.stores(&project, 1).len(), 2);
        hostings.sweep(now + Duration::from_secs(66));
        assert_eq!(hostings.stores(&project, 1).len(), 1);
    }
}
