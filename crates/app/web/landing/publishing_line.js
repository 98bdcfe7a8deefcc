// A connection for one release: gives it to the node, and answers for all of it until the host, whose connection is
// another, has taken over. So no reader meets a release that nobody hosts.

import { Socket } from "../net/socket.js";
import { CrowdError } from "../protocol/crowd_error.js";
import { parseManifest } from "../protocol/manifest.js";

const CONNECT_PATIENCE_MS = 15_000;

/** @typedef {import("../protocol/release.js").Release} Release */

export class PublishingLine {
  #store;
  #release;
  #socket;
  /** @type {Set<string>} */
  #hashes = new Set();
  #welcomed = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());

  /**
   * @param {object} parts
   * @param {import("../store/database.js").Store} parts.store has its manifest and chunks
   * @param {Release} parts.release
   * @param {() => string[]} parts.urls of nodes, the best first
   */
  constructor({ store, release, urls }) {
    this.#store = store;
    this.#release = release;
    this.#socket = new Socket({
      urls,
      onWelcome: () => this.#welcomed.resolve(),
      onRequest: (hash, project) => this.#answer(hash, project),
    });
  }

  get version() {
    return this.#release.version;
  }

  /** Publishes. Throws what the node refuses with. */
  async publish() {
    const release = this.#release;
    const manifest = await this.#store.chunks.get(release.manifest);
    if (!manifest) throw new CrowdError("not_found", "its manifest is not in this browser");
    this.#hashes = new Set([release.manifest, ...parseManifest(manifest, release.project).hashes()]);
    const patience = setTimeout(
      () => this.#welcomed.reject(new CrowdError("network", "no node can be reached")),
      CONNECT_PATIENCE_MS,
    );
    try {
      await this.#welcomed.promise;
      await this.#socket.request({ t: "publish", release, have: "all" });
    } finally {
      clearTimeout(patience);
    }
  }

  close() {
    this.#socket.close();
  }

  /**
   * @param {string} hash
   * @param {string} project
   */
  #answer(hash, project) {
    return project === this.#release.project && this.#hashes.has(hash) ? this.#store.chunks.get(hash) : null;
  }
}
