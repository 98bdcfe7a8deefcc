// A tab's line to the one tab of this page that is connected: what to publish, what has changed, how it is doing. The
// tabs talk over a BroadcastChannel at the landing page's origin, where no project's code runs.

import { CrowdError } from "../protocol/crowd_error.js";

export const PUBLISHER_CHANNEL = "crowd-publisher";
/** Longer than a node takes to fetch a manifest; the connected tab may be closed meanwhile. */
const PUBLISH_PATIENCE_MS = 45_000;
/** Until a tab is connected that can answer. */
const ASK_AGAIN_MS = 1_000;

/**
 * @typedef {import("../protocol/release.js").Release} Release
 * @typedef {import("./node_watch.js").NodeHealth & { hosting: string[], whole: string[] }} Health
 *   `hosting`: the projects that the node knows this browser as a host of; `whole`: those it has all of
 * @typedef {{ t: "hello" } | { t: "changed" } | { t: "publish", id: string, release: Release }
 *   | { t: "taken", id: string } | { t: "published", id: string, error: { code: string, message: string } | null }
 *   | { t: "health", health: Health }} TabMessage
 */

export class PublisherLink {
  /** @type {Health | null} null until a tab has told */
  health = null;
  #channel = new BroadcastChannel(PUBLISHER_CHANNEL);
  /** @type {Map<string, (message: TabMessage) => void>} */
  #waiting = new Map();
  #onHealth;
  #onChanged;

  /**
   * @param {object} parts
   * @param {(health: Health) => void} parts.onHealth
   * @param {() => void} parts.onChanged another tab published, or changed what is kept
   */
  constructor({ onHealth, onChanged }) {
    this.#onHealth = onHealth;
    this.#onChanged = onChanged;
    this.#channel.onmessage = ({ data }) => this.#take(data);
    this.hello();
  }

  /** Asks how it is. */
  hello() {
    this.#send({ t: "hello" });
  }

  /** Something that is kept has changed here: projects, versions, key. */
  changed() {
    this.#send({ t: "changed" });
  }

  /**
   * Gives a release to the node and hosts all of it. Throws what the node refuses with.
   * @param {Release} release
   * @returns {Promise<void>}
   */
  publish(release) {
    const id = crypto.randomUUID();
    return new Promise((resolve, reject) => {
      const ask = () => this.#send({ t: "publish", id, release });
      const asking = setInterval(ask, ASK_AGAIN_MS);
      const end = (/** @type {CrowdError | null} */ error) => {
        clearInterval(asking);
        clearTimeout(patience);
        this.#waiting.delete(id);
        if (error) reject(error);
        else resolve();
      };
      const patience = setTimeout(
        () => end(new CrowdError("timeout", "no connection to the node")),
        PUBLISH_PATIENCE_MS,
      );
      this.#waiting.set(id, (message) => {
        if (message.t === "taken") clearInterval(asking);
        if (message.t !== "published") return;
        end(message.error && new CrowdError(message.error.code, message.error.message));
      });
      ask();
    });
  }

  /** @param {TabMessage} message */
  #take(message) {
    if (message.t === "health") {
      this.health = message.health;
      this.#onHealth(message.health);
    } else if (message.t === "changed") {
      this.#onChanged();
    } else if (message.t === "taken" || message.t === "published") {
      this.#waiting.get(message.id)?.(message);
    }
  }

  /** @param {TabMessage} message */
  #send(message) {
    this.#channel.postMessage(message);
  }
}
