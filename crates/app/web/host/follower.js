// Fetches behind the visitor's back what nobody waits for: a newer version, of which the files are taken that were here
// of the one before, and all of it where a person wants it kept. What is missing is known by the store, so that it goes
// on where it stopped, whenever something wakes it.

import { asCrowdError } from "../protocol/crowd_error.js";
import { fetchInBackground } from "./background_fetch.js";

/** @typedef {import("./holding.js").Holding} Holding */
/** @typedef {import("./presence.js").Presence} Presence */
/** @typedef {import("../protocol/crowd_error.js").CrowdError} CrowdError */

/**
 * @typedef {object} FollowerParts
 * @property {string} id of the site in the store
 * @property {import("../store/database.js").Store} store
 * @property {Holding} holding
 * @property {{refresh(): Promise<unknown>, chunk(hash: string): Promise<Uint8Array>}} source
 * @property {(ms: number, run: () => void) => void} later
 * @property {() => number} random 0 to 1
 * @property {() => boolean} mayFetch
 * @property {(version: number) => void} onNewer a newer version is here, and complete
 * @property {(error: CrowdError | null) => void} onOutcome
 */

/** Hosts wait a random time before they fetch an update, so that they don't all ask at once: milliseconds. */
const UPDATE_SPREAD = 5_000;
/** What could not be had is asked for again after this, where nothing happens before: milliseconds. */
const FOLLOW_AGAIN = 60_000;

export class Follower {
  #parts;
  #updateDue = false;
  #updatePlanned = false;
  #retryPlanned = false;
  #keepAll = false;
  #keepAsked = false;
  #stopped = false;
  #working = false;
  #again = false;

  /** @param {FollowerParts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  get keepAll() {
    return this.#keepAll;
  }

  /**
   * @param {boolean} on
   * @param {boolean} asked a person asked for it just now: then it doesn't wait for a better connection
   */
  keep(on, asked) {
    this.#keepAll = on;
    this.#keepAsked = on && asked;
    this.wake();
  }

  /** The cluster has a newer release. */
  planUpdate() {
    if (this.#updatePlanned) return;
    this.#updatePlanned = true;
    this.#parts.later(this.#parts.random() * UPDATE_SPREAD, () => {
      this.#updatePlanned = false;
      this.update();
    });
  }

  /** The store knows of a newer release, or the cluster does and the time has come. */
  update() {
    this.#updateDue = true;
    this.wake();
  }

  /** Goes on, if it may. */
  wake() {
    this.#again = true;
    if (this.#working) return;
    this.#working = true;
    void this.#work();
  }

  stop() {
    this.#stopped = true;
  }

  async #work() {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        if (this.#updateDue && this.#parts.mayFetch()) await this.#follow();
        if (this.#keepAll) await this.#complete();
      } catch (thrown) {
        this.#parts.onOutcome(asCrowdError(thrown));
      }
    }
    this.#working = false;
  }

  async #follow() {
    const { holding, mayFetch, onNewer } = this.#parts;
    this.#updateDue = false;
    const next = await this.#newest();
    const here = holding.presence;
    if (next === null || here === null || next.version <= here.version) return;
    const complete = new Set(
      here.manifest.files.filter((file) => here.hasFile(file)).map(({ path }) => path),
    );
    const files = next.manifest.files.filter(({ path }) => this.#keepAll || complete.has(path));
    holding.expect(next);
    const isComplete = await this.#fetch(next.missing(files), mayFetch);
    holding.expect(null);
    if (!isComplete) {
      this.#updateDue = true;
    } else if ((holding.presence?.version ?? Infinity) < next.version) {
      holding.adopt(next);
      onNewer(next.version);
    }
  }

  /** The newest version that the store has, after it was asked for.
   * @returns {Promise<Presence | null>} */
  async #newest() {
    const { store, id, holding, source, onOutcome } = this.#parts;
    try {
      await source.refresh();
      onOutcome(null);
    } catch (thrown) {
      const error = asCrowdError(thrown);
      onOutcome(error);
      if (error.code === "owner_changed") return null;
      this.#updateDue = true;
      this.#tryLater();
    }
    const site = await store.sites.get(id);
    return site?.newest ? holding.look(site.newest) : null;
  }

  /** Fetches what is missing of all of it. */
  async #complete() {
    const { holding, mayFetch } = this.#parts;
    const { presence } = holding;
    if (presence === null) return;
    const isWanted = () => this.#keepAll && holding.presence === presence && (this.#keepAsked || mayFetch());
    await this.#fetch(presence.missing(), isWanted);
  }

  /**
   * @param {string[]} hashes
   * @param {() => boolean} isWanted
   * @returns {Promise<boolean>} whether all are here
   */
  async #fetch(hashes, isWanted) {
    if (hashes.length === 0) return true;
    const { holding, source, onOutcome } = this.#parts;
    const { left, error } = await fetchInBackground({
      hashes,
      source,
      mayGoOn: () => !this.#stopped && isWanted(),
      onChunk: (hash) => holding.arrived([hash]),
    });
    onOutcome(left === 0 ? null : error);
    // Room is made by a person, not by waiting.
    if (error !== null && error.code !== "full") this.#tryLater();
    return left === 0;
  }

  #tryLater() {
    if (this.#retryPlanned) return;
    this.#retryPlanned = true;
    this.#parts.later(FOLLOW_AGAIN, () => {
      this.#retryPlanned = false;
      this.wake();
    });
  }
}
