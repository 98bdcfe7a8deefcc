//! What goes wrong, in the words that travel: a code for programs and a message for a person.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize};

/// Bytes of an error's message at most.
const MAX_MESSAGE: usize = 1_024;

/// The codes of the protocol's `error` message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Not a message of this protocol.
    BadMessage,
    /// Not a project name.
    BadName,
    /// Not a path.
    BadPath,
    /// The manifest breaks a rule, or a chunk has another length than it says.
    BadManifest,
    /// The release is not signed by its owner.
    BadSignature,
    /// Nobody ever published under this name.
    UnknownProject,
    /// No such file or chunk in the project.
    NotFound,
    /// The name is owned by another key.
    NameTaken,
    /// A token is missing, or this connection may not do that.
    NotAllowed,
    /// A release with this version or a higher one exists.
    StaleVersion,
    /// Nobody who has the chunk is connected, or everyone asked lied or lost it.
    NoPeer,
    /// A peer says that it does not have the chunk.
    NotHere,
    /// Peers were asked and none answered in time.
    Timeout,
    /// A frame, manifest or bit field over its limit.
    TooLarge,
    /// Slow down.
    RateLimited,
    /// The operator of this cluster does not carry this project.
    Blocked,
    /// A fault of the node.
    Internal,
    /// A code of a later version of the protocol.
    Unknown,
}

impl ErrorCode {
    /// Every code that this version knows.
    pub const ALL: [Self; 17] = [
        Self::BadMessage,
        Self::BadName,
        Self::BadPath,
        Self::BadManifest,
        Self::BadSignature,
        Self::UnknownProject,
        Self::NotFound,
        Self::NameTaken,
        Self::NotAllowed,
        Self::StaleVersion,
        Self::NoPeer,
        Self::NotHere,
        Self::Timeout,
        Self::TooLarge,
        Self::RateLimited,
        Self::Blocked,
        Self::Internal,
    ];

    /// The code as it travels, for example `no_peer`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadMessage => "bad_message",
            Self::BadName => "bad_name",
            Self::BadPath => "bad_path",
            Self::BadManifest => "bad_manifest",
            Self::BadSignature => "bad_signature",
            Self::UnknownProject => "unknown_project",
            Self::NotFound => "not_found",
            Self::NameTaken => "name_taken",
            Self::NotAllowed => "not_allowed",
            Self::StaleVersion => "stale_version",
            Self::NoPeer => "no_peer",
            Self::NotHere => "not_here",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Blocked => "blocked",
            Self::Internal => "internal",
            Self::Unknown => "unknown",
        }
    }
}

impl ErrorCode {
    /// True where the cluster or its peers failed, false where whoever asked has to ask for something else.
    pub fn is_failure(self) -> bool {
        match self {
            Self::BadManifest
            | Self::NoPeer
            | Self::NotHere
            | Self::Timeout
            | Self::RateLimited
            | Self::Internal
            | Self::Unknown => true,
            Self::BadMessage
            | Self::BadName
            | Self::BadPath
            | Self::BadSignature
            | Self::UnknownProject
            | Self::NotFound
            | Self::NameTaken
            | Self::NotAllowed
            | Self::StaleVersion
            | Self::TooLarge
            | Self::Blocked => false,
        }
    }
}

impl std::str::FromStr for ErrorCode {
    type Err = std::convert::Infallible;

    /// Never fails: a code that this version does not know is [`ErrorCode::Unknown`].
    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Ok(Self::ALL.into_iter().find(|known| known.as_str() == code).unwrap_or(Self::Unknown))
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    /// Only text is a code, whereas a derived impl would take an object too.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Ok(code) = Cow::<'de, str>::deserialize(deserializer)?.parse();
        Ok(code)
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failure that can be told to whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct WireError {
    /// For programs.
    pub code: ErrorCode,
    /// For a person: what is wrong and, where possible, what to do.
    pub message: Cow<'static, str>,
    /// With [`ErrorCode::RateLimited`]: how long to wait, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl WireError {
    /// An error of `code`, explained by `message`, of which no more than 1,024 bytes are kept: messages quote what
    /// they complain about, and an error has to fit a frame.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        let mut message = message.into();
        if message.len() > MAX_MESSAGE {
            let end = message.floor_char_boundary(MAX_MESSAGE - '…'.len_utf8());
            message = format!("{}…", &message[..end]).into();
        }
        Self { code, message, retry_after_ms: None }
    }

    /// `rate_limited`: come back after `retry_after_ms` milliseconds.
    pub fn rate_limited(message: impl Into<Cow<'static, str>>, retry_after_ms: u64) -> Self {
        Self { retry_after_ms: Some(retry_after_ms), ..Self::new(ErrorCode::RateLimited, message) }
    }
}
