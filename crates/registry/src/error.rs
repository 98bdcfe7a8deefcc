//! What goes wrong with a registry, and what of it a peer is told.

use crowd_protocol::{ErrorCode, WireError};

/// A registry that could not answer. The texts are for the operator: they name files and addresses.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegistryError {
    /// The backend is out of reach; try again.
    #[error("the registry is out of reach: {0}")]
    Unavailable(String),
    /// What is stored is not what a registry writes.
    #[error("the registry is damaged: {0}")]
    Corrupt(String),
    /// The storage below failed. A write that ends so may or may not have been stored: ask again.
    #[error("the registry's storage failed: {0}")]
    Storage(String),
}

impl RegistryError {
    /// What a peer is told: `internal` and what to do, without the operator's details.
    pub fn to_wire(&self) -> WireError {
        let message = match self {
            Self::Unavailable(_) => "the registry of this cluster is out of reach: try again",
            Self::Corrupt(_) => "the registry of this cluster is damaged: its operator has to look at it",
            Self::Storage(_) => "the storage of this cluster's registry failed: try again later",
        };
        WireError::new(ErrorCode::Internal, message)
    }

    /// What it is called in metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => "unavailable",
            Self::Corrupt(_) => "corrupt",
            Self::Storage(_) => "storage",
        }
    }

    /// The same, with its text changed: to say in which file or at which address, for example.
    pub(crate) fn map_text(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Unavailable(why) => Self::Unavailable(change(why)),
            Self::Corrupt(why) => Self::Corrupt(change(why)),
            Self::Storage(why) => Self::Storage(change(why)),
        }
    }

    /// From any of redb's errors.
    pub(crate) fn of(error: impl Into<redb::Error>) -> Self {
        match error.into() {
            redb::Error::Corrupted(why) => Self::Corrupt(why),
            other => Self::Storage(other.to_string()),
        }
    }
}

impl From<RegistryError> for WireError {
    fn from(error: RegistryError) -> Self {
        error.to_wire()
    }
}
