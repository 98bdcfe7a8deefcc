//! Checks of the parts that messages are made of.

use crowd_protocol::{ChunkHash, MAX_VERSION, ProjectName, Release};
use tonic::Status;

/// Bytes of a release's JSON at most; an honest one has some 350.
const MAX_RELEASE: usize = 4 * 1024;

/// A project's name.
pub fn checked_project(name: &str) -> Result<ProjectName, Status> {
    ProjectName::parse(name).map_err(|error| Status::invalid_argument(error.message))
}

/// A SHA-256 of 32 bytes.
pub fn checked_hash(bytes: &[u8]) -> Result<ChunkHash, Status> {
    let hash: [u8; 32] = bytes.try_into().map_err(|_| Status::invalid_argument("a SHA-256 has 32 bytes"))?;
    Ok(hash.into())
}

/// The version of a release: 1 to 2^53 - 1.
pub fn checked_version(version: u64) -> Result<u64, Status> {
    if !(1..=MAX_VERSION).contains(&version) {
        return Err(Status::invalid_argument("a version is a whole number from 1 to 2^53-1"));
    }
    Ok(version)
}

/// A release in its JSON form whose signature holds.
pub fn verified_release(json: &str) -> Result<Release, Status> {
    if json.len() > MAX_RELEASE {
        return Err(Status::invalid_argument("a release has at most 4 KiB"));
    }
    let release = Release::parse(json.as_bytes());
    let verified = release.and_then(|release| release.verify().map(|()| release));
    verified.map_err(|error| Status::invalid_argument(error.message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crowd_protocol::SigningKey;

    #[test]
    fn bad_parts_are_refused_with_the_reason() {
        assert!(checked_project("my-site").is_ok());
        assert!(checked_project("My Site").unwrap_err().message().contains("only the characters"));
        assert_eq!(checked_hash(&[7; 32]).unwrap(), ChunkHash::from([7; 32]));
        assert!(checked_hash(&[7; 31]).is_err());
        assert!(checked_hash(&[]).is_err());
        assert!(checked_version(1).is_ok());
        assert!(checked_version(0).is_err());
        assert!(checked_version(1 << 53).is_err());
    }

    #[test]
    fn a_release_is_taken_for_its_signature() {
        let key = SigningKey::from_bytes(&[1; 32]);
        let project = ProjectName::parse("site").unwrap();
        let hash = ChunkHash::of(b"m");
        let release = Release::sign(&key, project, 3, hash, "2026-11-22T17:00:00Z").unwrap();
        assert_eq!(verified_release(&release.to_json()).unwrap(), release);
        let forged = Release { version: 4, ..release }.to_json();
        assert!(verified_release(&forged).unwrap_err().message().contains("signed"));
        assert!(verified_release("{}").is_err());
        assert!(verified_release(&" ".repeat(MAX_RELEASE + 1)).is_err());
    }
}
