//! What is kept of one name, and the form it is stored in.

use std::sync::Arc;

use crowd_protocol::{ChunkHash, ProjectName, Release};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::RegistryError;

/// How many manifests before the newest are remembered: hosts of these versions still find each other.
pub const MAX_OLDER: usize = 8;

/// The newest release of a name, and the manifests of the releases before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The newest.
    pub release: Release,
    /// Those before it, newest first, at most [`MAX_OLDER`].
    pub older: Vec<Older>,
}

/// A release that is no longer the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Older {
    /// 1 to 2^53 - 1, lower than the newest.
    pub version: u64,
    /// The hash of its manifest.
    pub manifest: ChunkHash,
}

impl Record {
    /// The manifest of `version`, while that is remembered.
    pub fn manifest_of(&self, version: u64) -> Option<ChunkHash> {
        if version == self.release.version {
            return Some(self.release.manifest);
        }
        self.older.iter().find(|older| older.version == version).map(|older| older.manifest)
    }

    /// The record once `release` has taken the place of `previous`.
    pub fn succeed(previous: Option<&Record>, release: Release) -> Record {
        let older = previous
            .into_iter()
            .flat_map(|record| {
                let Release { version, manifest, .. } = record.release;
                std::iter::once(Older { version, manifest }).chain(record.older.iter().copied())
            })
            .filter(|older| older.version < release.version)
            .take(MAX_OLDER)
            .collect();
        Record { release, older }
    }

    /// The stored form, `{"release":{…},"older":[{"version":6,"manifest":"<sha256 hex>"},…]}`.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Json<'r> {
            release: &'r Release,
            older: &'r [Older],
        }
        serde_json::to_string(&Json { release: &self.release, older: &self.older })
            .expect("a record has only text and numbers")
    }

    /// Reads the stored form. [`RegistryError::Corrupt`] unless the shape holds: a well-formed release, then at most
    /// [`MAX_OLDER`] lower versions in falling order. Whether the signature holds is not asked.
    pub fn from_json(json: &[u8]) -> Result<Self, RegistryError> {
        #[derive(Deserialize)]
        struct Json<'r> {
            #[serde(borrow)]
            release: &'r RawValue,
            older: Vec<Older>,
        }
        let corrupt = |why: &dyn std::fmt::Display| RegistryError::Corrupt(format!("not a record: {why}"));
        let Json { release, older } = serde_json::from_slice(json).map_err(|error| corrupt(&error))?;
        let release = Release::parse(release.get().as_bytes()).map_err(|error| corrupt(&error))?;
        if older.len() > MAX_OLDER {
            return Err(corrupt(&"too many older versions"));
        }
        let versions = std::iter::once(release.version).chain(older.iter().map(|older| older.version));
        if !versions.is_sorted_by(|newer, older| newer > older) || older.iter().any(|o| o.version == 0) {
            return Err(corrupt(&"the older versions are not in falling order"));
        }
        Ok(Self { release, older })
    }

    /// [`Record::from_json`] of what is stored under `project`; errors name it.
    pub(crate) fn stored_as(project: &ProjectName, json: &[u8]) -> Result<Arc<Self>, RegistryError> {
        let record =
            Self::from_json(json).map_err(|error| error.map_text(|why| format!("{project}: {why}")))?;
        if record.release.project != *project {
            let message = format!("{project} is recorded as {}", record.release.project);
            return Err(RegistryError::Corrupt(message));
        }
        Ok(Arc::new(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::release;

    #[test]
    fn a_record_remembers_the_manifests_before_it() {
        let mut record = Record::succeed(None, release("site", 1, 1));
        assert!(record.older.is_empty());
        for version in 2..=20 {
            record = Record::succeed(Some(&record), release("site", 1, version));
        }
        let versions: Vec<u64> = record.older.iter().map(|older| older.version).collect();
        assert_eq!(versions, [19, 18, 17, 16, 15, 14, 13, 12]);
        assert_eq!(record.manifest_of(20), Some(release("site", 1, 20).manifest));
        assert_eq!(record.manifest_of(12), Some(release("site", 1, 12).manifest));
        assert_eq!(record.manifest_of(11), None);
        assert_eq!(record.manifest_of(21), None);

        // Were the newest stored again, it would not precede itself.
        assert_eq!(Record::succeed(Some(&record), release("site", 1, 20)), record);
    }

    #[test]
    fn the_stored_form_comes_back() {
        let first = Record::succeed(None, release("site", 1, 1));
        let second = Record::succeed(Some(&first), release("site", 1, 7));
        for record in [first, second] {
            assert_eq!(Record::from_json(record.to_json().as_bytes()).unwrap(), record);
        }
    }

    #[test]
    fn a_wrong_shape_is_corrupt() {
        let of = |older: Vec<u64>| {
            let manifest = ChunkHash::of(b"m");
            let older = older.into_iter().map(|version| Older { version, manifest }).collect();
            Record { release: release("site", 1, 20), older }.to_json()
        };
        assert!(Record::from_json(of(vec![19, 3]).as_bytes()).is_ok());
        let name = of(vec![]).replace("site", "not a name");
        let wrong = [
            of(vec![20]),
            of(vec![3, 4]),
            of(vec![3, 3]),
            of(vec![0]),
            of((1..=9).rev().collect()),
            name,
            "{}".into(),
            String::new(),
        ];
        for json in wrong {
            let error = Record::from_json(json.as_bytes()).expect_err(&json);
            assert!(matches!(error, RegistryError::Corrupt(_)), "{json}: {error}");
        }
    }
}
