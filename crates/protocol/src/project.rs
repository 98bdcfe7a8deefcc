//! The name of a project: one DNS label, since each project gets an origin of its own.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::{ErrorCode, WireError};

/// A valid project name. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectName(Arc<str>);

impl ProjectName {
    /// Checks `name`: 1 to 63 of `a-z 0-9 -`, neither end a `-`, not starting `xn--`, not `www` or `localhost`.
    /// Anything else is `bad_name`.
    pub fn parse(name: &str) -> Result<Self, WireError> {
        let bad = |why: &'static str| Err(WireError::new(ErrorCode::BadName, why));
        if name.is_empty() || name.len() > 63 {
            return bad("a project name has 1 to 63 characters");
        }
        if !name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            return bad("a project name has only the characters a-z, 0-9 and -");
        }
        if name.starts_with('-') || name.ends_with('-') {
            return bad("a project name neither starts nor ends with -");
        }
        if name.starts_with("xn--") {
            return bad("a project name does not start with xn--");
        }
        if matches!(name, "www" | "localhost") {
            return bad("www and localhost are not project names");
        }
        Ok(Self(name.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ProjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::fmt::Debug for ProjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl std::str::FromStr for ProjectName {
    type Err = WireError;

    fn from_str(name: &str) -> Result<Self, WireError> {
        Self::parse(name)
    }
}

impl Serialize for ProjectName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}
