//! The limits of the protocol, each as PROTOCOL.md states it.

/// Bytes of a chunk at most.
pub const MAX_CHUNK: usize = 262_144;
/// Bytes of a chunk unless the publisher chooses otherwise: home uplinks are slow.
pub const DEFAULT_CHUNK: usize = 65_536;
/// Smallest `chunk_size` a manifest may name.
pub const MIN_CHUNK: usize = 1_024;
/// Bytes of a manifest at most.
pub const MAX_MANIFEST: usize = 1_048_576;
/// Chunks in a manifest at most, repeats counted.
pub const MAX_CHUNKS: usize = 15_000;
/// Bytes of a path at most.
pub const MAX_PATH: usize = 1_024;
/// Bytes of a media type at most.
pub const MAX_MEDIA_TYPE: usize = 255;
/// Bytes of a text frame at most.
pub const MAX_TEXT: usize = 65_536;
/// Bytes of a binary frame's body at most.
pub const MAX_BODY: usize = 1_048_576;
/// Bytes of a binary frame at most: head length, head, body.
pub const MAX_FRAME: usize = 2 + u16::MAX as usize + MAX_BODY;
/// Bytes of a bit field at most: one bit for each of [`MAX_CHUNKS`].
pub const MAX_BITS: usize = MAX_CHUNKS.div_ceil(8);
/// The highest version of a release, 2^53 - 1, so that JavaScript can count it.
pub const MAX_VERSION: u64 = (1 << 53) - 1;
/// Messages of one peer that may await their answers.
pub const MAX_AWAITING: usize = 256;
/// Requests that a node may have open towards one peer.
pub const MAX_OPEN: usize = 32;
/// Malformed messages in a row that close a connection.
pub const MAX_MALFORMED: u32 = 3;
/// Seconds for which the version hosted before stays answerable after a newer `host`.
pub const OLDER_VERSION_S: u64 = 60;
