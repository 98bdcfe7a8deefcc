// What the worker tells the other parts of the app over the origin's BroadcastChannel: which chunks have come, which state
// of a visit was reached, how far a page is. It reads nothing from there: a project's script can post to it, too.

import { emitState } from "../host/states.js";

/** @typedef {import("../store/database.js").Store} Store */

/** Chunks that come within this time are told together: ms. */
const GATHERING = 80;
/** Hashes in one message at most. */
const MOST_HASHES = 1_024;

export class News {
  /** Chunks that came and were not told yet, by site and version. @type {Map<string, Set<string>>} */
  #fresh = new Map();
  /** @type {Promise<void> | undefined} */
  #telling;

  /**
   * @param {Store} store
   * @param {BroadcastChannel} channel
   */
  constructor(store, channel) {
    this.store = store;
    this.channel = channel;
  }

  /**
   * @param {number} state
   * @param {Record<string, unknown>} detail
   * @param {number} [at] ms since the epoch
   */
  state(state, detail, at) {
    emitState(this.channel, state, detail, at);
  }

  /** @param {Record<string, unknown>} progress */
  progress(progress) {
    this.channel.postMessage({ t: "progress", ...progress });
  }

  /**
   * A chunk of a site has come and is being stored; without one, its release has.
   * @param {string} site
   * @param {string} [hash]
   */
  arrived(site, hash) {
    const hashes = this.#fresh.get(site) ?? new Set();
    this.#fresh.set(site, hash ? hashes.add(hash) : hashes);
    this.#telling ??= this.#tellSoon();
  }

  /** Resolves when all that came so far is told. */
  async settled() {
    await this.#telling;
  }

  async #tellSoon() {
    await new Promise((resolve) => setTimeout(resolve, GATHERING));
    const fresh = this.#fresh;
    this.#fresh = new Map();
    this.#telling = undefined;
    for (const [site, hashes] of fresh) {
      await this.#tell(site, [...hashes]).catch(() => {});
    }
  }

  /**
   * @param {string} site
   * @param {string[]} hashes
   */
  async #tell(site, hashes) {
    const known = await this.store.sites.get(site);
    // A chunk for which there was no room was shown, and is not here.
    const here = await this.store.chunks.hasAll(hashes);
    const stored = hashes.filter((_, at) => here[at]);
    let at = 0;
    do {
      const some = stored.slice(at, at + MOST_HASHES);
      if (known) this.channel.postMessage({ t: "stored", site, version: known.active, hashes: some });
      at += MOST_HASHES;
    } while (at < stored.length);
  }
}
