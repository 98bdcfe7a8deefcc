//! What can go wrong for a peer. Each error says what was attempted and, where there is one, what to do.

use std::path::{Path, PathBuf};

use crowd_protocol::{ChunkHash, ErrorCode, OwnerKey, ProjectName, WireError};

/// Why something a peer was asked to do failed.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The node answered with an error, or what it sent breaks a rule of the protocol.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// Not the address of a node.
    #[error("{text:?} is not the address of a node: {why}")]
    BadUrl {
        /// As it was given.
        text: String,
        /// For a person.
        why: String,
    },
    /// No connection could be made.
    #[error("cannot connect to {url}: {why}")]
    Connect {
        /// Which node.
        url: String,
        /// For a person.
        why: String,
    },
    /// Nothing came in time.
    #[error("{what} was not answered within {seconds} s")]
    Timeout {
        /// What was asked.
        what: &'static str,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The bytes that came are not those that were asked for.
    #[error("the node sent bytes with the hash {found} for {wanted}")]
    WrongHash {
        /// What they should hash to.
        wanted: ChunkHash,
        /// What they do hash to.
        found: ChunkHash,
    },
    /// The node answered with a message that does not fit what was asked.
    #[error("the node gave an answer of another type to {what}")]
    OddAnswer {
        /// What was asked.
        what: &'static str,
    },
    /// The project is signed by another key than when it was first seen.
    #[error(
        "{server}/{project} is now signed by {found}, but was signed by {pinned} when this computer first saw it: \
         somebody else may have taken the name"
    )]
    OwnerChanged {
        /// The discovery server.
        server: String,
        /// Whose owner changed.
        project: ProjectName,
        /// The key that was seen first.
        pinned: OwnerKey,
        /// The key that signs now.
        found: OwnerKey,
    },
    /// A file or folder could not be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// Why; part of the message already, so no source of it.
        error: std::io::Error,
    },
    /// A folder that can't be published, or a file of this library that does not read.
    #[error("{}: {why}", path.display())]
    Folder {
        /// Which file or folder.
        path: PathBuf,
        /// For a person.
        why: String,
    },
    /// A path that would be written outside the folder it belongs to, or through a symlink.
    #[error("{path:?} is not written: {why}")]
    UnsafePath {
        /// As the manifest has it.
        path: String,
        /// For a person.
        why: &'static str,
    },
    /// The peer was closed.
    #[error("the peer was closed")]
    Closed,
}

impl PeerError {
    /// The code of the protocol, where the failure has one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Wire(error) => Some(error.code),
            Self::Timeout { .. } => Some(ErrorCode::Timeout),
            _ => None,
        }
    }

    /// True where the same thing asked again a little later may well succeed.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Wire(error) => matches!(
                error.code,
                ErrorCode::NoPeer | ErrorCode::Timeout | ErrorCode::RateLimited | ErrorCode::Internal
            ),
            Self::Timeout { .. } | Self::Connect { .. } | Self::WrongHash { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn io(path: &Path, error: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }

    pub(crate) fn folder(path: &Path, why: impl Into<String>) -> Self {
        Self::Folder { path: path.to_owned(), why: why.into() }
    }

    /// A task on a blocking thread panicked or the runtime is going down.
    pub(crate) fn join(path: &Path, error: &tokio::task::JoinError) -> Self {
        Self::io(path, std::io::Error::other(error.to_string()))
    }
}
