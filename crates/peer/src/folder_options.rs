//! How a folder becomes a site: what the caller says, and what `crowd.toml` in the folder says.

use std::io::ErrorKind;
use std::path::Path;

use crowd_protocol::{MAX_CHUNK, MIN_CHUNK, ProjectName};
use serde::Deserialize;

use crate::PeerError;

/// The file in a folder that says how it is published. It is no part of the site.
pub(crate) const CONFIG_FILE: &str = "crowd.toml";

/// Settings of a site. What is none is decided by [`crate::folder::scan`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderOptions {
    /// The project's name; without one, the folder's name made valid.
    pub name: Option<String>,
    /// The file name of every folder's index; without one, `index.html`.
    pub index: Option<String>,
    /// The file that answers for unknown paths; without one, `404.html` where it exists.
    pub not_found: Option<String>,
    /// Answer unknown paths with the index.
    pub spa: Option<bool>,
    /// Bytes of a chunk; without one, 65,536, or as many more as a large site needs.
    pub chunk_size: Option<u32>,
}

impl FolderOptions {
    /// What `crowd.toml` in `dir` says; nothing where there is none.
    pub fn read(dir: &Path) -> Result<Self, PeerError> {
        let path = dir.join(CONFIG_FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                toml::from_str(&text).map_err(|error| PeerError::folder(&path, error.to_string().trim_end()))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(PeerError::io(&path, error)),
        }
    }

    /// These settings, and where they say nothing, `others`.
    pub fn or(self, others: Self) -> Self {
        Self {
            name: self.name.or(others.name),
            index: self.index.or(others.index),
            not_found: self.not_found.or(others.not_found),
            spa: self.spa.or(others.spa),
            chunk_size: self.chunk_size.or(others.chunk_size),
        }
    }

    /// The project's name: the one that is set, or the folder's made valid.
    pub fn project(&self, dir: &Path) -> Result<ProjectName, PeerError> {
        if let Some(name) = &self.name {
            return Ok(ProjectName::parse(name)?);
        }
        let folder = dir.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        ProjectName::parse(&made_valid(&folder)).map_err(|_| {
            PeerError::folder(dir, "no project name can be made of the folder's name: choose one with --name")
        })
    }

    /// `chunk_size`, checked before a folder is read for nothing.
    pub(crate) fn checked_chunk_size(&self, dir: &Path) -> Result<Option<u32>, PeerError> {
        match self.chunk_size {
            Some(size) if !size.is_power_of_two() || !(MIN_CHUNK..=MAX_CHUNK).contains(&(size as usize)) => {
                Err(PeerError::folder(dir, "a chunk size is a power of two from 1024 to 262144"))
            }
            size => Ok(size),
        }
    }
}

/// `My Web_Site!` → `my-web-site`.
fn made_valid(name: &str) -> String {
    let mut made = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            made.push(c);
        } else if !made.is_empty() && !made.ends_with('-') {
            made.push('-');
        }
    }
    made.truncate(63);
    made.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folders_name_is_made_a_label() {
        for (folder, name) in [
            ("My Web_Site!", "my-web-site"),
            ("site", "site"),
            ("--a--b--", "a-b"),
            ("é", ""),
            ("v1.2", "v1-2"),
        ] {
            assert_eq!(made_valid(folder), name);
        }
        let options = FolderOptions::default();
        assert_eq!(options.project(Path::new("/x/My Site")).unwrap().as_str(), "my-site");
        assert!(options.project(Path::new("/x/www")).is_err());
    }
}
