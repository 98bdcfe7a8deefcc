//! What a new release changes, for a person to see that it is what they meant.

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use crowd_peer::{Peer, Site};
use crowd_protocol::{Manifest, Release};

use crate::output;

/// The release before may be nowhere any more; that is no reason to wait long.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The difference between two manifests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    pub(crate) added: usize,
    pub(crate) changed: usize,
    pub(crate) removed: usize,
    /// Chunks that hosts of the release before have to fetch.
    pub(crate) new_chunks: usize,
}

impl Changes {
    /// Compares with the release before; none where its manifest can't be had.
    pub(crate) async fn since(peer: &Peer, before: Release, now: &Manifest) -> Option<Self> {
        let site = tokio::time::timeout(TIMEOUT, Site::fetch(peer, before)).await.ok()?.ok()?;
        Some(Self::between(&site.manifest, now))
    }

    fn between(before: &Manifest, now: &Manifest) -> Self {
        let old: HashSet<_> = before.chunks().iter().collect();
        let new: HashSet<_> = now.chunks().iter().collect();
        let mut changes = Self { new_chunks: new.difference(&old).count(), ..Self::default() };
        for file in now.files() {
            match before.file(file.path.as_str()) {
                None => changes.added += 1,
                Some(was) => {
                    let same = before.file_chunks(was) == now.file_chunks(file)
                        && was.media_type == file.media_type
                        && was.size == file.size;
                    changes.changed += usize::from(!same);
                }
            }
        }
        changes.removed = before.files().len() + changes.added - now.files().len();
        changes
    }

    /// Files that are not as they were.
    pub(crate) fn files(&self) -> usize {
        self.added + self.changed + self.removed
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { added, changed, removed, new_chunks } = self;
        let parts = [(added, "added"), (changed, "changed"), (removed, "removed")]
            .into_iter()
            .filter(|(n, _)| **n > 0)
            .map(|(n, what)| format!("{} {what}", output::count(*n as u64, "file")))
            .collect::<Vec<_>>();
        let files = if parts.is_empty() { "settings changed".to_owned() } else { parts.join(", ") };
        write!(f, "{files}, {}", output::count(*new_chunks as u64, "new chunk"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crowd_protocol::ManifestBuilder;

    #[test]
    fn files_and_chunks_are_counted() {
        let manifest = |files: &[(&str, &str)]| {
            let mut builder = ManifestBuilder::new("site".parse().unwrap());
            for (path, bytes) in files {
                builder.add(path, "text/plain", bytes.as_bytes()).unwrap();
            }
            builder.build().unwrap()
        };
        let before = manifest(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]);
        let now = manifest(&[("a", "1"), ("b", "two"), ("e", "3")]);
        let changes = Changes::between(&before, &now);
        assert_eq!(changes, Changes { added: 1, changed: 1, removed: 2, new_chunks: 1 });
        assert_eq!(changes.to_string(), "1 file added, 1 file changed, 2 files removed, 1 new chunk");
    }
}
