//! Which of the releases hosted here list a chunk, and under which numbers: what decides who may be asked for it.

use crowd_protocol::Have;

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

/// The releases by version.
#[derive(Debug, Default)]
pub(crate) struct Listing(Vec<(u64, Listed)>);

impl Listing {
    pub(crate) fn manifest_of(&mut self, version: u64) {
        self.set(version, Listed::Manifest);
    }

    pub(crate) fn somewhere_in(&mut self, version: u64) {
        self.set(version, Listed::Somewhere);
    }

    pub(crate) fn under(&mut self, version: u64, numbers: &[u32]) {
        self.set(version, Listed::Under(numbers.to_vec()));
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
