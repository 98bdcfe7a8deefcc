// Cuts files into chunks, hashes them and puts them into the store, block by block, so that a large file never stands
// in memory as a whole. Runs in the hasher; each file is read once, so what is hashed is what is stored.

import { sha256 } from "../protocol/hash.js";
import { isTextFile } from "./media_type.js";
import { Utf8Check } from "./utf8_check.js";

/** Bytes that are read, hashed and stored at once. */
const BLOCK_BYTES = 4 << 20;
/** Progress is told after so many bytes or so many files, whichever comes first. */
const TELL_BYTES = 1 << 20;
const TELL_FILES = 25;

/**
 * @typedef {{ path: string, blob: Blob }} WholeFile
 * @typedef {{ path: string, size: number, chunks: string[], utf8: boolean }} CutFile utf8: no text of another encoding
 * @typedef {{ bytes: number, files: number, path: string }} CutProgress
 * @typedef {{ has(hashes: string[]): Promise<boolean[]>, put(hash: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> }}
 *   ChunkShelf
 */

export class Cutter {
  /** Chunks that were not in the store before. @type {Set<string>} */
  added = new Set();
  #shelf;
  #chunkSize;
  #onProgress;
  #signal;
  #done = { bytes: 0, files: 0, path: "" };
  #told = { bytes: 0, files: 0 };

  /**
   * @param {object} parts
   * @param {ChunkShelf} parts.shelf
   * @param {number} parts.chunkSize
   * @param {(progress: CutProgress) => void} parts.onProgress
   * @param {AbortSignal} parts.signal
   */
  constructor({ shelf, chunkSize, onProgress, signal }) {
    this.#shelf = shelf;
    this.#chunkSize = chunkSize;
    this.#onProgress = onProgress;
    this.#signal = signal;
  }

  /**
   * @param {WholeFile[]} files
   * @returns {Promise<CutFile[]>}
   */
  async cut(files) {
    const cut = [];
    for (const { path, blob } of files) {
      this.#done.path = path;
      const check = isTextFile(path) ? new Utf8Check() : null;
      const chunks = await this.#cutOne(path, blob, check);
      cut.push({ path, size: blob.size, chunks, utf8: check?.end() ?? true });
      this.#done.files += 1;
      this.#tell();
    }
    this.#onProgress({ ...this.#done });
    return cut;
  }

  /**
   * @param {string} path
   * @param {Blob} blob
   * @param {Utf8Check | null} check
   */
  async #cutOne(path, blob, check) {
    const hashes = [];
    for (let at = 0; at < blob.size; at += BLOCK_BYTES) {
      this.#signal.throwIfAborted();
      const block = await readBlock(path, blob, at);
      check?.take(block);
      const chunks = [];
      for (let from = 0; from < block.length; from += this.#chunkSize) {
        chunks.push(block.slice(from, from + this.#chunkSize));
      }
      const names = await Promise.all(chunks.map(sha256));
      await this.#store(names, chunks);
      hashes.push(...names);
      this.#done.bytes += block.length;
      this.#tell();
    }
    return hashes;
  }

  /**
   * @param {string[]} names
   * @param {Uint8Array<ArrayBuffer>[]} chunks
   */
  async #store(names, chunks) {
    const here = await this.#shelf.has(names);
    const missing = new Map();
    names.forEach((name, at) => here[at] || missing.set(name, chunks[at]));
    const puts = await Promise.allSettled([...missing].map(([name, bytes]) => this.#put(name, bytes)));
    // All have ended before one that failed is told: what they stored is taken away again.
    const failed = puts.find((put) => put.status === "rejected");
    if (failed) throw failed.reason;
  }

  /**
   * @param {string} name
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  async #put(name, bytes) {
    this.added.add(name);
    await this.#shelf.put(name, bytes);
  }

  #tell() {
    const { bytes, files } = this.#done;
    if (bytes - this.#told.bytes < TELL_BYTES && files - this.#told.files < TELL_FILES) return;
    this.#told = { bytes, files };
    this.#onProgress({ ...this.#done });
  }
}

/**
 * @param {string} path
 * @param {Blob} blob
 * @param {number} at
 */
async function readBlock(path, blob, at) {
  const end = Math.min(at + BLOCK_BYTES, blob.size);
  let block;
  try {
    block = new Uint8Array(await blob.slice(at, end).arrayBuffer());
  } catch {
    throw new Error(`${path} can’t be read: was it changed or moved since it was chosen?`);
  }
  if (block.length !== end - at) throw new Error(`${path} was changed while it was read.`);
  return block;
}
