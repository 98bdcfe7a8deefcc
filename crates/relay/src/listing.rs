//! Which of the releases hosted here list a chunk, and under which numbers: what decides who may be asked for it.

use std::sync::Arc;

use crowd_protocol::Have;
use futures_util::future::join_all;

use crate::{BoxFuture, ChunkAsk, Relay, Scope};

/// What is known of one hosted release.
#[derive(Debug)]
enum Listed {
    /// The chunk is this release's manifest, which every host of it has.
    Manifest,
    /// The release lists it, under numbers that are not known here: who has all has it.
    Somewhere,
    /// The release lists it under these numbers; none where it does not.
    Under(Vec<u32>),
}

/// Versions, each with the numbers under which its manifest lists what is asked.
pub(crate) type Numbers = Vec<(u64, Vec<u32>)>;

/// The releases by version.
#[derive(Debug, Default)]
pub(crate) struct Listing(Vec<(u64, Listed)>);

impl Listing {
    /// What is known, without waiting, of the releases hosted here that list what is asked; and which of them need
    /// their manifest read first.
    pub(crate) fn of(relay: &Relay, ask: &ChunkAsk) -> (Self, Vec<u64>) {
        let (mut listing, mut unread) = (Self::default(), Vec::new());
        let hosted = relay.peers.versions(&ask.project);
        if hosted.is_empty() {
            return (listing, unread);
        }
        if ask.manifest {
            if hosted.contains(&ask.version) {
                listing.set(ask.version, Listed::Manifest);
            }
            return (listing, unread);
        }
        let record = relay.catalog().seen(&ask.project);
        for version in hosted {
            let manifest = record.as_ref().map(|record| record.manifest_of(version));
            let known = manifest.flatten().and_then(|hash| relay.catalog().manifest(&hash, &ask.project));
            if let Some(manifest) = known {
                listing.set(version, Listed::Under(manifest.numbers_of(&ask.hash).to_vec()));
                continue;
            }
            if version == ask.version {
                listing.set(version, Listed::Somewhere);
            }
            // A version that the record does not name any more can never be read; peers may claim any number of such.
            if version == ask.version || manifest.is_none_or(|hash| hash.is_some()) {
                unread.push(version);
            }
        }
        (listing, unread)
    }

    /// Takes what [`read_manifests`] found.
    pub(crate) fn add(&mut self, read: Numbers) {
        for (version, numbers) in read {
            self.set(version, Listed::Under(numbers));
        }
    }

    /// True where a host of `version` that has `have` has the chunk.
    pub(crate) fn has(&self, version: u64, have: &Have) -> bool {
        let listed = self.0.iter().find(|(listed, _)| *listed == version);
        match listed.map(|(_, listed)| listed) {
            None => false,
            Some(Listed::Manifest) => true,
            Some(Listed::Somewhere) => *have == Have::All,
            Some(Listed::Under(numbers)) => numbers.iter().any(|number| have.has(*number)),
        }
    }

    fn set(&mut self, version: u64, listed: Listed) {
        match self.0.iter_mut().find(|(known, _)| *known == version) {
            Some((_, known)) => *known = listed,
            None => self.0.push((version, listed)),
        }
    }
}

/// Reads the manifests of hosted `versions` from hosts here, all at once; gives the numbers of what is asked in those
/// that could be had. Boxed, since reading one is a sessioncast of its own.
pub(crate) fn read_manifests(
    relay: Arc<Relay>,
    ask: ChunkAsk,
    versions: Vec<u64>,
) -> BoxFuture<'static, Numbers> {
    Box::pin(async move {
        let Ok(record) = relay.record_with(&ask.project, ask.version).await else { return Vec::new() };
        let read = versions.into_iter().map(async |version| {
            let manifest = relay.manifest(&record, version, Scope::Local).await.ok()?;
            Some((version, manifest.numbers_of(&ask.hash).to_vec()))
        });
        join_all(read).await.into_iter().flatten().collect()
    })
}
