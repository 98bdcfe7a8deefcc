// What of one project is in the store, version by version, and the answers from it. It follows what worker, updates and
// evictions do to the store; what to tell the node of it is HostedProject's business.

import { Presence } from "./presence.js";

/** @typedef {import("../protocol/hash.js").Bytes} Bytes */
/** @typedef {import("../store/database.js").Store} Store */
/** @typedef {import("../store/site_store.js").Site} Site */

/**
 * @typedef {object} HoldingParts
 * @property {string} id of the site in the store
 * @property {string} project
 * @property {Store} store
 * @property {(bytes: number) => boolean} takeUpload whether so much may go out
 * @property {(state: number, detail: Record<string, unknown>) => void} emit a state of a visit
 * @property {(version: number) => Promise<unknown>} mend fetches the manifest of a version whose own is gone or broken
 * @property {(site: Site | undefined) => void} onRead the store was read
 * @property {() => void} onPresence another version, or what is here of it was counted anew
 * @property {(numbers: number[]) => void} onArrived chunks of it are here that weren't
 */

export class Holding {
  #parts;
  /** @type {Presence | null} */
  #presence = null;
  /** @type {Presence | null} the version before, for which requests may still be on their way */
  #before = null;
  /** @type {Presence | null} the version that is being fetched */
  #next = null;
  /** @type {Set<string[]>} for each look at the store, what has come since it began */
  #looks = new Set();
  #recounting = false;
  #readAgain = false;
  /** @type {Promise<void> | null} */
  #reading = null;

  /** @param {HoldingParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** The version that is hosted, or would be; null where the store has none. */
  get presence() {
    return this.#presence;
  }

  /**
   * Reads from the store which version is shown, and takes it where none is here, or an older one or another owner's.
   *
   * @returns {Promise<void>}
   */
  read() {
    this.#readAgain = true;
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** @param {Presence | null} presence */
  adopt(presence) {
    if (presence === this.#presence) return;
    if (presence?.version !== this.#presence?.version) this.#before = this.#presence;
    this.#presence = presence;
    this.#parts.onPresence();
  }

  /**
   * What comes in counts for this version too.
   *
   * @param {Presence | null} next
   */
  expect(next) {
    this.#next = next;
  }

  /**
   * Somebody says that these chunks were stored. Anyone on this origin can say so: the store knows.
   *
   * @param {number} version
   * @param {string[]} hashes
   */
  async stored(version, hashes) {
    if (this.#presence === null || version > this.#presence.version) await this.read();
    const here = await this.#parts.store.chunks.hasAll(hashes);
    this.arrived(hashes.filter((_, at) => here[at]));
  }

  /**
   * These chunks are in the store.
   *
   * @param {string[]} hashes
   */
  arrived(hashes) {
    for (const look of this.#looks) look.push(...hashes);
    this.#next?.add(hashes);
    const numbers = this.#presence?.add(hashes) ?? [];
    if (numbers.length > 0) this.#parts.onArrived(numbers);
  }

  /**
   * The bytes of a chunk that the node asks for; null where they aren't here, or may not go out.
   *
   * @param {string} hash
   * @returns {Promise<Bytes | null>}
   */
  async answer(hash) {
    const presence = [this.#presence, this.#before].find((version) => version?.lists(hash));
    if (!presence) return null;
    const { emit, project, store, takeUpload } = this.#parts;
    const [asked, answered] = presence.isOfIndex(hash) ? [2, 3] : [8, 9];
    const isContent = hash !== presence.release.manifest;
    const detail = { project, version: presence.version, sha256: hash };
    if (isContent) emit(asked, detail);
    const bytes = await store.chunks.get(hash);
    if (bytes === null) void this.#recount();
    if (bytes === null || !takeUpload(bytes.length)) return null;
    if (isContent) emit(answered, { ...detail, bytes: bytes.length });
    return bytes;
  }

  /**
   * @param {number} version
   * @returns {Promise<Presence | null>} null where the store doesn't have it
   */
  async look(version) {
    /** @type {string[]} */
    const arrivals = [];
    this.#looks.add(arrivals);
    try {
      const presence = await Presence.read(this.#parts.store, this.#parts.id, version);
      presence?.add(arrivals);
      return presence;
    } finally {
      this.#looks.delete(arrivals);
    }
  }

  /** @param {number} version */
  async #lookOrMend(version) {
    const presence = await this.look(version);
    if (presence !== null) return presence;
    // Whoever wrote into the store may have broken it.
    await this.#parts.mend(version).catch(() => {});
    return this.look(version);
  }

  async #readAll() {
    while (this.#readAgain) {
      this.#readAgain = false;
      const site = await this.#parts.store.sites.get(this.#parts.id);
      const here = site && this.#presence?.release.owner === site.owner ? this.#presence : null;
      if (!site?.active) this.adopt(null);
      else if (here === null || here.version < site.active) this.adopt(await this.#lookOrMend(site.active));
      this.#parts.onRead(site);
    }
  }

  /** Something was announced and is gone: what is here is counted anew. */
  async #recount() {
    const before = this.#presence;
    if (before === null || this.#recounting) return;
    this.#recounting = true;
    try {
      const presence = await this.look(before.version);
      if (this.#presence === before) this.adopt(presence);
    } finally {
      this.#recounting = false;
    }
  }
}
