//! What happens to a peer while nobody is asking.

use crowd_protocol::{ProjectName, WireError};

use crate::Connection;

/// Something that happened; a slow listener loses the oldest.
#[derive(Debug, Clone)]
pub enum Event {
    /// Another connection is there, after a loss or a move.
    Connected(Connection),
    /// The connection is gone; another is being made.
    Disconnected {
        /// For a person.
        why: String,
    },
    /// A newer release of a project that is watched or hosted exists.
    Updated {
        /// Which project.
        project: ProjectName,
        /// Its newest version.
        version: u64,
    },
    /// A chunk was handed to the node for another peer.
    Served {
        /// Of which project.
        project: ProjectName,
        /// Its length.
        bytes: u64,
    },
    /// A chunk was asked for that is not here.
    NotHere {
        /// Of which project.
        project: ProjectName,
    },
    /// After a reconnection the node would not let this peer host a project again.
    HostRefused {
        /// Which project.
        project: ProjectName,
        /// Why.
        error: WireError,
    },
}
