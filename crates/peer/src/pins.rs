//! Who owned a project when this computer first saw it: a changed owner is refused until a person says otherwise.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use crowd_protocol::{OwnerKey, Release, Server};

use crate::PeerError;

/// Server → project → owner.
type Known = BTreeMap<String, BTreeMap<String, String>>;

/// What is known of an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// Seen for the first time, and remembered from now on.
    First,
    /// The one that was seen first.
    Same,
}

/// A JSON file of owner keys. It is read for each check, so that several programs can share it.
#[derive(Debug, Clone)]
pub struct Pins {
    path: PathBuf,
}

impl Pins {
    /// The file at `path`, which needn't exist yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Compares the owner of a verified release with the one seen first: [`PeerError::OwnerChanged`] where it is another.
    pub fn check(&self, server: &Server, release: &Release) -> Result<Pin, PeerError> {
        let known = self.read()?;
        let Some(owner) = known.get(&server.to_string()).and_then(|of| of.get(release.project.as_str()))
        else {
            self.accept(server, release)?;
            return Ok(Pin::First);
        };
        let Some(pinned) = OwnerKey::parse(owner) else {
            return Err(PeerError::folder(&self.path, format!("{owner:?} is no key")));
        };
        if pinned == release.owner {
            return Ok(Pin::Same);
        }
        Err(PeerError::OwnerChanged {
            server: server.to_string(),
            project: release.project.clone(),
            pinned,
            found: release.owner,
        })
    }

    /// From now on the release's owner is the project's, whoever was before: for a person to decide.
    pub fn accept(&self, server: &Server, release: &Release) -> Result<(), PeerError> {
        let mut known = self.read()?;
        let of = known.entry(server.to_string()).or_default();
        of.insert(release.project.to_string(), release.owner.to_string());
        let json = serde_json::to_vec_pretty(&known).unwrap_or_default();
        let temporary = self.path.with_extension(format!("{}.part", std::process::id()));
        let write = || {
            if let Some(dir) = self.path.parent() {
                fs::create_dir_all(dir)?;
            }
            fs::write(&temporary, json)?;
            fs::rename(&temporary, &self.path)
        };
        write().map_err(|error| PeerError::io(&self.path, error))
    }

    fn read(&self) -> Result<Known, PeerError> {
        match fs::read(&self.path) {
            Ok(json) => serde_json::from_slice(&json)
                .map_err(|error| PeerError::folder(&self.path, format!("it does not read: {error}"))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Known::new()),
            Err(error) => Err(PeerError::io(&self.path, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crowd_protocol::{ChunkHash, SigningKey};

    #[test]
    fn another_owner_is_refused_until_accepted() {
        let dir = tempfile::tempdir().unwrap();
        let pins = Pins::new(dir.path().join("deep/owners.json"));
        let release = |seed: u8| {
            let key = SigningKey::from_bytes(&[seed; 32]);
            let hash = ChunkHash::of(b"");
            Release::sign(&key, "site".parse().unwrap(), 1, hash, "2026-01-01T00:00:00Z").unwrap()
        };
        let server = Server::parse("example.org").unwrap();
        assert_eq!(pins.check(&server, &release(1)).unwrap(), Pin::First);
        assert_eq!(pins.check(&server, &release(1)).unwrap(), Pin::Same);
        assert!(matches!(pins.check(&server, &release(2)), Err(PeerError::OwnerChanged { .. })));
        assert_eq!(pins.check(&Server::parse("b.org").unwrap(), &release(2)).unwrap(), Pin::First);
        pins.accept(&server, &release(2)).unwrap();
        assert_eq!(pins.check(&server, &release(2)).unwrap(), Pin::Same);
    }
}
