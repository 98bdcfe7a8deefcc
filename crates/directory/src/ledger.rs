//! The set of rows that one node told another. Both keep one, and compare digests instead of rows.

use std::collections::BTreeMap;

use crowd_protocol::ProjectName;

/// Projects with the digest of each row. The digest of all is their wrapping sum, so order does not matter and each
/// change costs one addition; that of none is 0.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    rows: BTreeMap<ProjectName, u64>,
    digest: u64,
}

impl Ledger {
    /// Enters a row, in place of the project's last one.
    pub(crate) fn set(&mut self, project: &ProjectName, digest: u64) {
        let old = match self.rows.get_mut(project) {
            Some(row) => std::mem::replace(row, digest),
            None => {
                self.rows.insert(project.clone(), digest);
                0
            }
        };
        self.digest = self.digest.wrapping_sub(old).wrapping_add(digest);
    }

    /// Strikes a row out.
    pub(crate) fn unset(&mut self, project: &ProjectName) {
        if let Some(old) = self.rows.remove(project) {
            self.digest = self.digest.wrapping_sub(old);
        }
    }

    pub(crate) fn contains(&self, project: &ProjectName) -> bool {
        self.rows.contains_key(project)
    }

    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn projects(&self) -> impl Iterator<Item = &ProjectName> {
        self.rows.keys()
    }
}
