//! Paths of files within a project, as manifests list them and as people ask for them.

use percent_encoding::percent_decode_str;
use serde::{Serialize, Serializer};

use crate::{ErrorCode, MAX_PATH, WireError};

fn bad(why: &'static str) -> WireError {
    WireError::new(ErrorCode::BadPath, why)
}

/// Checks all rules of a path; an empty last segment (a trailing `/`) only where `folder` allows it.
fn check(path: &str, folder: bool) -> Result<(), WireError> {
    if path.len() > MAX_PATH {
        return Err(bad("a path has at most 1,024 bytes"));
    }
    if path.chars().any(|c| c == '\\' || c.is_control()) {
        return Err(bad("a path has no backslash and no control character"));
    }
    let named = if folder { path.strip_suffix('/').unwrap_or(path) } else { path };
    if folder && path.is_empty() {
        return Ok(());
    }
    for segment in named.split('/') {
        match segment {
            "" => return Err(bad("a path is relative and has no empty segment")),
            "." | ".." => return Err(bad("a path has no . or .. segment")),
            _ => {}
        }
    }
    Ok(())
}

/// The path of one file: relative, never empty, never a folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilePath(String);

impl FilePath {
    /// Checks a path that is decoded already; anything else is `bad_path`.
    pub fn parse(path: &str) -> Result<Self, WireError> {
        check(path, false)?;
        Ok(Self(path.to_owned()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for FilePath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// What someone asks for: a file, or a folder (empty, or with a trailing `/`), which means its index.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestPath(String);

impl RequestPath {
    /// Checks a path that is decoded already, as it stands in JSON; anything else is `bad_path`.
    pub fn parse(path: &str) -> Result<Self, WireError> {
        check(path, true)?;
        Ok(Self(path.to_owned()))
    }

    /// Decodes and checks a path as it stands in an address or in HTTP, without its leading `/`.
    pub fn from_encoded(path: &str) -> Result<Self, WireError> {
        Self::parse(&percent_decode(path)?)
    }

    /// The path as text: empty, or with a trailing `/`, for a folder.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True for a folder: the path is empty or ends in `/`.
    pub fn is_folder(&self) -> bool {
        self.0.is_empty() || self.0.ends_with('/')
    }
}

impl std::fmt::Display for RequestPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for RequestPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Percent-decodes once; `+` stays a plus. A broken escape or bytes that are not UTF-8 are `bad_path`.
pub fn percent_decode(text: &str) -> Result<String, WireError> {
    let bytes = text.as_bytes();
    for (at, _) in text.match_indices('%') {
        let digits = bytes.get(at + 1..at + 3);
        if !digits.is_some_and(|d| d.iter().all(u8::is_ascii_hexdigit)) {
            return Err(bad("a % is followed by two hex digits"));
        }
    }
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| bad("a path is UTF-8"))
}
