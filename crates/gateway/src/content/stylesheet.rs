//! Stylesheets with crowd links, for pages without the app's worker.
//!
//! PROTOCOL.md is silent on them: all but navigations get the file's own bytes. But a page that came without a worker
//! has nobody else to make the links in its stylesheets ordinary, and would stay without its fonts and pictures. So
//! what a browser loads as a stylesheet is treated as the page is. Whoever fetches the file gets the file.

use std::time::Duration;

use bytes::Bytes;
use crowd_protocol::{FileEntry, WireError};
use crowd_relay::{Room, RoomPermit};

use super::file_stream::FileStream;
use crate::rewrite::{Links, mentions_crowd, rewrite_css};

/// Bytes of a stylesheet at most; a larger one stays as it is.
const MAX_SHEET: u64 = 1 << 20;
/// Bytes of stylesheets, as they came and as they go, that are in memory at once.
const ROOM: u64 = 32 << 20;
/// How long one waits for room.
const PATIENCE: Duration = Duration::from_secs(2);

/// Reads stylesheets, so many at once as there is room for.
#[derive(Debug, Clone)]
pub(crate) struct Stylesheets(Room);

/// What a stylesheet came to.
pub(crate) enum Sheet {
    /// The file's own bytes: it has no crowd links.
    Same(Bytes),
    /// With ordinary links.
    Changed(Bytes),
}

impl Stylesheets {
    pub(crate) fn new() -> Self {
        Self(Room::new(ROOM, PATIENCE, "stylesheets"))
    }

    /// False where `file` stays as it is whatever it has.
    pub(crate) fn may_change(&self, file: &FileEntry) -> bool {
        (1..=MAX_SHEET).contains(&file.size)
    }

    /// Fetches all of `file` and makes its links ordinary.
    pub(crate) async fn read(&self, file: FileStream, links: &Links) -> Result<Sheet, WireError> {
        let room = self.0.reserve(2 * file.file.size as u32).await?;
        let own = file.collect().await?;
        let text = std::str::from_utf8(&own).ok().filter(|text| mentions_crowd(text));
        match text.and_then(|text| rewrite_css(text, &|url| links.convert(url))) {
            Some(changed) => Ok(Sheet::Changed(kept(changed.into_bytes(), room))),
            None => Ok(Sheet::Same(kept(own, room))),
        }
    }
}

/// Bytes whose room is taken until the last of them has left.
fn kept(bytes: Vec<u8>, room: RoomPermit) -> Bytes {
    struct Owner(Vec<u8>, #[expect(dead_code, reason = "held for its drop")] RoomPermit);

    impl AsRef<[u8]> for Owner {
        fn as_ref(&self) -> &[u8] {
            &self.0
        }
    }

    Bytes::from_owner(Owner(bytes, room))
}
