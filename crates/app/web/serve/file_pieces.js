// The bytes of a part of one file, chunk by chunk, each verified: a few are asked for ahead of what was read, so memory
// is bounded whatever the file's size. Used by the answers; who reads decides the pace.

import { CrowdError } from "../protocol/crowd_error.js";

/** @typedef {import("../protocol/hash.js").Bytes} Bytes */
/** @typedef {import("../protocol/manifest.js").Manifest} Manifest */
/** @typedef {import("../protocol/manifest.js").ManifestFile} ManifestFile */
/** @typedef {{chunk(hash: string, options?: {evenIfFull?: boolean}): Promise<Bytes>}} ChunkSource */

/** A file of one version, and where its chunks come from. */
/** @typedef {{source: ChunkSource, manifest: Manifest, file: ManifestFile, version: number}} Content */

/** Chunks asked for at once: hides the way to a peer and back. */
const CHUNKS_AHEAD = 4;
/** The same where all of a file is wanted in one: stored chunks are read beside each other. */
const CHUNKS_TOGETHER = 64;

/** Reads the bytes from `start` to before `end` of a file. */
export class FilePieces {
  /** @type {Promise<Bytes>[]} */
  #ahead = [];
  #most = CHUNKS_AHEAD;
  #next;
  #last;

  /**
   * @param {Content} content
   * @param {number} [start]
   * @param {number} [end]
   */
  constructor(content, start = 0, end = content.file.size) {
    this.content = content;
    this.start = start;
    this.end = end;
    const { chunkSize } = content.manifest;
    this.#next = Math.floor(start / chunkSize);
    this.#last = Math.ceil(end / chunkSize);
  }

  /** Asks for the first ones, and resolves when the first is here, so that a failure still has a status. */
  async begin() {
    this.#ask();
    await this.#ahead[0];
  }

  /** @returns {Promise<Bytes | null>} the next piece; null at the end */
  async take() {
    this.#ask();
    return (await this.#ahead.shift()) ?? null;
  }

  /** Asks for no more. */
  stop() {
    this.#next = this.#last;
    this.#ahead = [];
  }

  /**
   * All that is left, in one.
   * @returns {Promise<Bytes>}
   */
  async takeAll() {
    const bytes = new Uint8Array(this.end - this.start);
    this.#most = CHUNKS_TOGETHER;
    let at = 0;
    for (let piece = await this.take(); piece; piece = await this.take()) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** The rest as a stream that is driven by its reader. A failure breaks it off: it never just ends short. */
  stream() {
    const source = {
      pull: async (/** @type {ReadableStreamDefaultController<Bytes>} */ controller) => {
        const piece = await this.take();
        if (piece === null) controller.close();
        else controller.enqueue(piece);
      },
      cancel: () => this.stop(),
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  }

  #ask() {
    while (this.#ahead.length < this.#most && this.#next < this.#last) {
      const piece = this.#piece(this.#next);
      // Who takes it hears of its failure; until then it is nobody's.
      piece.catch(() => {});
      this.#ahead.push(piece);
      this.#next += 1;
    }
  }

  /** @param {number} at */
  async #piece(at) {
    const { source, manifest, file } = this.content;
    const bytes = await source.chunk(file.chunks[at], { evenIfFull: true });
    if (bytes.length !== manifest.lengthOf(file, at)) {
      throw new CrowdError("bad_manifest", "a chunk has another length than the manifest says");
    }
    const offset = at * manifest.chunkSize;
    const from = Math.max(0, this.start - offset);
    const to = Math.min(bytes.length, this.end - offset);
    return from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
  }
}
