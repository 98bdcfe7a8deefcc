//! What the operator does not carry. Names are kept as SHA-256, so that the list is no directory of what it bans.

use std::collections::HashSet;

use crowd_protocol::{ChunkHash, ErrorCode, ProjectName, WireError};

/// Projects that are answered with `blocked`.
#[derive(Debug, Clone, Default)]
pub struct DenyList {
    projects: HashSet<ChunkHash>,
}

impl DenyList {
    /// Each entry is a project's name, or the hex SHA-256 of one; anything else is `bad_name`.
    pub fn parse<'e>(entries: impl IntoIterator<Item = &'e str>) -> Result<Self, WireError> {
        let hashes = entries.into_iter().map(|entry| match ChunkHash::parse(entry) {
            Ok(hash) => Ok(hash),
            Err(_) => ProjectName::parse(entry).map(|name| ChunkHash::of(name.as_str().as_bytes())),
        });
        Ok(Self { projects: hashes.collect::<Result<_, _>>()? })
    }

    /// Entries.
    pub fn len(&self) -> usize {
        self.projects.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.projects.is_empty()
    }

    /// `blocked` where `project` is on the list.
    pub fn check(&self, project: &ProjectName) -> Result<(), WireError> {
        let denied =
            !self.projects.is_empty() && self.projects.contains(&ChunkHash::of(project.as_str().as_bytes()));
        if denied {
            return Err(WireError::new(ErrorCode::Blocked, "this cluster does not carry that project"));
        }
        Ok(())
    }
}
