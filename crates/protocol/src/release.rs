//! Releases: the signed record that binds a project's name and version to a manifest.

use std::fmt;

use ed25519_dalek::{Signature, Signer, VerifyingKey};
use serde::{Deserialize, Serialize, Serializer};

use crate::json::Object;
use crate::{ChunkHash, ErrorCode, MAX_VERSION, ProjectName, WireError, encoding};

/// The key that signs; kept by the owner alone.
pub use ed25519_dalek::SigningKey;

/// The public half of an owner's key pair: who owns a name.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnerKey([u8; 32]);

impl OwnerKey {
    /// The owner that `key` signs for.
    pub fn of(key: &SigningKey) -> Self {
        Self(key.verifying_key().to_bytes())
    }

    /// Reads the base64url of 32 bytes.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self(encoding::decode(text)?.try_into().ok()?))
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// True where the coordinate is below 2^255 - 19, as RFC 8032 wants it and `VerifyingKey` doesn't check.
    fn is_canonical(&self) -> bool {
        let [low, middle @ .., high] = &self.0;
        high & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff) || *low < 0xed
    }
}

impl fmt::Display for OwnerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encoding::encode(&self.0))
    }
}

impl fmt::Debug for OwnerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnerKey({self})")
    }
}

/// A release whose shape is right. Whether its signature holds is for [`Release::verify`] to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The project it is of.
    pub project: ProjectName,
    /// Who signed it.
    pub owner: OwnerKey,
    /// 1 to 2^53 - 1.
    pub version: u64,
    /// The hash of its manifest.
    pub manifest: ChunkHash,
    /// For people: `YYYY-MM-DDTHH:MM:SSZ`.
    pub created: String,
    /// Ed25519 over [`Release::signed_bytes`].
    pub signature: [u8; 64],
}

/// The JSON of a release as it came: nothing is checked yet.
#[derive(Debug, Deserialize)]
pub(crate) struct ReleaseJson {
    project: String,
    owner: String,
    version: u64,
    manifest: ChunkHash,
    created: String,
    signature: String,
}

impl ReleaseJson {
    /// Checks the shape, then the name, then what the signature needs: the order that PROTOCOL.md gives.
    pub(crate) fn check(self) -> Result<Release, WireError> {
        let shape = |why| Err(WireError::new(ErrorCode::BadMessage, why));
        if !(1..=MAX_VERSION).contains(&self.version) {
            return shape("a version is a whole number from 1 to 2^53-1");
        }
        if !is_timestamp(&self.created) {
            return shape("created is YYYY-MM-DDTHH:MM:SSZ");
        }
        let project = ProjectName::parse(&self.project)?;
        let bad_signature = |why| WireError::new(ErrorCode::BadSignature, why);
        let owner = OwnerKey::parse(&self.owner)
            .ok_or_else(|| bad_signature("owner is the unpadded base64url of 32 bytes"))?;
        let signature = encoding::decode(&self.signature)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| bad_signature("signature is the unpadded base64url of 64 bytes"))?;
        Ok(Release {
            project,
            owner,
            version: self.version,
            manifest: self.manifest,
            created: self.created,
            signature,
        })
    }
}

impl Release {
    /// Signs a release. `created` has to be `YYYY-MM-DDTHH:MM:SSZ` and `version` in range, else `bad_message`.
    pub fn sign(
        key: &SigningKey,
        project: ProjectName,
        version: u64,
        manifest: ChunkHash,
        created: impl Into<String>,
    ) -> Result<Self, WireError> {
        let created = created.into();
        if !(1..=MAX_VERSION).contains(&version) || !is_timestamp(&created) {
            return Err(WireError::new(ErrorCode::BadMessage, "version or created is out of range"));
        }
        let owner = OwnerKey::of(key);
        let mut release = Self { project, owner, version, manifest, created, signature: [0; 64] };
        release.signature = key.sign(release.signed_bytes().as_bytes()).to_bytes();
        Ok(release)
    }

    /// Reads the JSON form. Errors are `bad_message`, `bad_name` and `bad_signature`.
    pub fn parse(json: &[u8]) -> Result<Self, WireError> {
        let bad =
            |why: &dyn fmt::Display| WireError::new(ErrorCode::BadMessage, format!("not a release: {why}"));
        let json = std::str::from_utf8(json).map_err(|error| bad(&error))?;
        let Object::<ReleaseJson>(json) = serde_json::from_str(json).map_err(|error| bad(&error))?;
        json.check()
    }

    /// The JSON form.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a release has only text and numbers")
    }

    /// The bytes that the signature is over.
    pub fn signed_bytes(&self) -> String {
        let Self { project, version, manifest, created, .. } = self;
        format!("crowd-release-v1\n{project}\n{version}\n{manifest}\n{created}\n")
    }

    /// `bad_signature` unless the owner's signature holds, strictly (RFC 8032).
    pub fn verify(&self) -> Result<(), WireError> {
        let key = VerifyingKey::from_bytes(self.owner.as_bytes());
        let signature = Signature::from_bytes(&self.signature);
        let holds = self.owner.is_canonical()
            && key.and_then(|key| key.verify_strict(self.signed_bytes().as_bytes(), &signature)).is_ok();
        if holds {
            return Ok(());
        }
        Err(WireError::new(ErrorCode::BadSignature, "the release is not signed by its owner"))
    }
}

impl Serialize for Release {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Json<'r> {
            project: &'r ProjectName,
            owner: String,
            version: u64,
            manifest: ChunkHash,
            created: &'r str,
            signature: String,
        }
        let json = Json {
            project: &self.project,
            owner: self.owner.to_string(),
            version: self.version,
            manifest: self.manifest,
            created: &self.created,
            signature: encoding::encode(&self.signature),
        };
        json.serialize(serializer)
    }
}

/// Exactly `YYYY-MM-DDTHH:MM:SSZ`, each part in its range.
fn is_timestamp(text: &str) -> bool {
    let shape = b"dddd-dd-ddTdd:dd:ddZ";
    let shaped = text.len() == shape.len()
        && text.bytes().zip(shape).all(|(b, s)| if *s == b'd' { b.is_ascii_digit() } else { b == *s });
    let part = |range: std::ops::Range<usize>| text[range].parse::<u32>().unwrap_or(u32::MAX);
    shaped
        && (1..=12).contains(&part(5..7))
        && (1..=31).contains(&part(8..10))
        && part(11..13) < 24
        && part(14..16) < 60
        && part(17..19) <= 60
}
