// The chunks that are here, by their hash. Bytes are trusted for their hash alone: they are hashed when they come in and
// again each time they are read. Used by whoever shows, serves or fetches content.

import { CrowdError } from "../protocol/crowd_error.js";
import { isHash, sha256 } from "../protocol/hash.js";
import { MAX_MANIFEST } from "../protocol/limits.js";
import { resultOf } from "./connection.js";
import { makeRoom } from "./eviction.js";
import { COUNTED_STORES, measureChunks, setStoredBytes, storedBytes } from "./stored_bytes.js";

// Up to so many are looked up one by one; for more, all keys are read at once.
const FEW_HASHES = 64;

// What the browser's own limit is to be relieved by at least, so that the next chunk doesn't meet it again.
const QUOTA_RELIEF_BYTES = 4_194_304;

/** @typedef {import("../protocol/hash.js").Bytes} Bytes */

/**
 * @param {any} record
 * @returns {Bytes | null}
 */
function bytesOfRecord(record) {
  const bytes = record?.bytes;
  return bytes instanceof Uint8Array && bytes.length <= MAX_MANIFEST ? new Uint8Array(bytes) : null;
}

/** @param {any} record */
function sizeOfRecord(record) {
  const size = record?.size;
  return Number.isSafeInteger(size) && size >= 0 ? size : 0;
}

export class ChunkStore {
  #store;
  /** @type {Promise<void>} the last in the row of those that make room */
  #makingRoom = Promise.resolve();

  /** @param {import("./database.js").Store} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * The chunk, hashed again; a wrong one is deleted and counts as missing.
   *
   * @param {string} hash
   * @returns {Promise<Bytes | null>}
   */
  async get(hash) {
    if (!isHash(hash)) return null;
    const record = await this.#store.connection.run(["chunks"], "readonly", (transaction) =>
      resultOf(transaction.objectStore("chunks").get(hash)),
    );
    if (record === undefined) return null;
    const bytes = bytesOfRecord(record);
    if (bytes !== null && (await sha256(bytes)) === hash) return bytes;
    await this.delete([hash]);
    return null;
  }

  /**
   * Keeps a chunk or manifest. Throws wrong_bytes where its hash is another, and full where there is no room even after
   * everything that may go is gone.
   *
   * @param {string} hash
   * @param {Bytes} bytes
   * @param {{protect?: string}} [options] protect: the id of a site that is not to make room for it
   * @returns {Promise<void>}
   */
  async put(hash, bytes, { protect } = {}) {
    if (bytes.length > MAX_MANIFEST) throw new CrowdError("too_large", "a chunk has at most 256 KiB");
    if ((await sha256(bytes)) !== hash) throw new CrowdError("wrong_bytes", "the bytes have another hash");
    const budget = await this.#store.settings.get("storageBytes");
    // A view's whole buffer would be stored with it.
    const own = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
    if ((await this.#putWithin(hash, own, budget)) === 0) return;
    // One after the other: two that made room at once would drop more than they need.
    const turn = this.#makingRoom.then(async () => {
      const missing = await this.#putWithin(hash, own, budget);
      if (missing === 0) return;
      await makeRoom(this.#store, missing, { protect });
      if ((await this.#putWithin(hash, own, budget)) > 0) {
        throw new CrowdError("full", "there is no room left for what this site may store");
      }
    });
    this.#makingRoom = turn.catch(() => {});
    await turn;
  }

  /**
   * Which of `hashes` are stored; whether they are whole, reading them tells.
   *
   * @param {string[]} hashes
   * @returns {Promise<boolean[]>}
   */
  async hasAll(hashes) {
    const known = await this.#store.connection.run(["chunks"], "readonly", async (transaction) => {
      const chunks = transaction.objectStore("chunks");
      if (hashes.length > FEW_HASHES) return resultOf(chunks.getAllKeys());
      return Promise.all(hashes.filter(isHash).map((hash) => resultOf(chunks.getKey(hash))));
    });
    const here = new Set(known);
    return hashes.map((hash) => here.has(hash));
  }

  /**
   * Bytes of all chunks that are stored.
   *
   * @returns {Promise<number>}
   */
  async size() {
    return this.#store.connection.run(COUNTED_STORES, "readonly", storedBytes);
  }

  /**
   * Bytes of those of `hashes` that are stored.
   *
   * @param {Set<string>} hashes
   * @returns {Promise<number>}
   */
  async sizeOf(hashes) {
    const measured = await this.#store.connection.run(["chunks"], "readonly", measureChunks);
    let bytes = 0;
    for (const [hash, { size }] of measured) bytes += hashes.has(hash) ? size : 0;
    return bytes;
  }

  /**
   * @param {Iterable<string>} hashes those that aren't here don't matter
   * @returns {Promise<void>}
   */
  async delete(hashes) {
    const going = new Set(hashes);
    if (going.size === 0) return;
    await this.#store.connection.run(COUNTED_STORES, "readwrite", async (transaction) => {
      const chunks = transaction.objectStore("chunks");
      const before = await storedBytes(transaction);
      const measured = await measureChunks(transaction);
      let gone = 0;
      for (const hash of going) {
        gone += measured.get(hash)?.size ?? 0;
        chunks.delete(hash);
      }
      setStoredBytes(transaction, before - gone);
    });
  }

  /**
   * Stores a chunk where `budget` has room for it.
   *
   * @param {string} hash
   * @param {Bytes} bytes
   * @param {number} budget
   * @returns {Promise<number>} 0, or how many bytes have to go first
   */
  async #putWithin(hash, bytes, budget) {
    try {
      return await this.#store.connection.run(COUNTED_STORES, "readwrite", async (transaction) => {
        const chunks = transaction.objectStore("chunks");
        const before = await storedBytes(transaction);
        const known = (await resultOf(chunks.getKey(hash))) !== undefined;
        const replaced = known ? sizeOfRecord(await resultOf(chunks.get(hash))) : 0;
        const after = before - replaced + bytes.length;
        if (after > budget && after > before) return after - budget;
        chunks.put({ bytes, size: bytes.length, at: Date.now() }, hash);
        setStoredBytes(transaction, after);
        return 0;
      });
    } catch (error) {
      if (error instanceof CrowdError && error.code === "full")
        return Math.max(bytes.length, QUOTA_RELIEF_BYTES);
      throw error;
    }
  }
}
