// The limits of the protocol, each as PROTOCOL.md states it. Numbers only.

/** Bytes of a chunk at most. */
export const MAX_CHUNK = 262_144;

/** Bytes of a chunk unless the publisher chooses otherwise. */
export const DEFAULT_CHUNK = 65_536;

/** The smallest `chunk_size` that a manifest may name. */
export const MIN_CHUNK = 1_024;

/** Bytes of a manifest at most. */
export const MAX_MANIFEST = 1_048_576;

/** Chunks in a manifest at most, repeats counted. */
export const MAX_CHUNKS = 15_000;

/** UTF-8 bytes of a path at most. */
export const MAX_PATH = 1_024;

/** Bytes of a media type at most. */
export const MAX_MEDIA_TYPE = 255;

/** Bytes of a text frame at most. */
export const MAX_TEXT = 65_536;

/** Bytes of the JSON head of a binary frame at most. */
export const MAX_HEAD = 65_535;

/** Bytes of the body of a binary frame at most. */
export const MAX_BODY = 1_048_576;

/** Bytes of a bit field at most. */
export const MAX_BITS = 1_875;

/** Messages of one peer that may await their answers. */
export const MAX_AWAITING = 256;

/** Requests that a node may have open towards one peer. */
export const MAX_OPEN = 32;
