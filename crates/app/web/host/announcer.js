// Keeps a node's view of one project in step with ours: host, have, unhost, watch. HostedProject says what is wanted;
// this sends what is missing, one message after the other, and starts over with every connection.

/** @typedef {import("./presence.js").Presence} Presence */
/** @typedef {import("../protocol/crowd_error.js").CrowdError} CrowdError */

/**
 * What is needed of a Socket.
 * @typedef {object} NodeLine
 * @property {(message: Record<string, unknown> & {t: string}) => Promise<any>} request
 * @property {(fields: {project: string, version: number, chunks: number[]}) => boolean} have
 */

/** A text frame holds 64 KiB: this many numbers with their commas always fit. */
const HAVE_AT_ONCE = 4_096;
/** Wait before a refused message is sent again, where the node names no other: milliseconds. */
const ANNOUNCE_PAUSE = 5_000;
/** Refusals that pass by themselves. */
const WORTH_A_RETRY = ["rate_limited", "timeout", "internal"];

export class Announcer {
  #line;
  #project;
  #later;
  #onHosting;
  #onTrouble;

  /** Counts connections: an answer that belongs to an earlier one changes nothing. */
  #connection = 0;
  #connected = false;
  /** @type {Presence | null} */
  #wanted = null;
  /** @type {Presence | null} */
  #announced = null;
  /** @type {Presence | null} refused by this node: not asked again before something changes */
  #refused = null;
  #watching = false;
  /** @type {Set<number>} chunks that came since `host` was sent */
  #queue = new Set();
  #left = false;
  #working = false;
  #again = false;

  /**
   * @param {object} parts
   * @param {NodeLine} parts.line
   * @param {string} parts.project
   * @param {(ms: number, run: () => void) => void} parts.later
   * @param {(presence: Presence) => void} parts.onHosting after each `ok` to a `host`
   * @param {(error: CrowdError) => void} parts.onTrouble the node refused
   */
  constructor({ line, project, later, onHosting, onTrouble }) {
    this.#line = line;
    this.#project = project;
    this.#later = later;
    this.#onHosting = onHosting;
    this.#onTrouble = onTrouble;
  }

  /** A node said welcome: it knows nothing of us yet. */
  connected() {
    this.#connected = true;
    this.#startOver();
    this.#wake();
  }

  disconnected() {
    this.#connected = false;
    this.#startOver();
  }

  #startOver() {
    this.#connection += 1;
    this.#announced = null;
    this.#refused = null;
    this.#watching = false;
    this.#queue.clear();
  }

  /**
   * What to host; null is: only watch.
   * @param {Presence | null} presence
   */
  want(presence) {
    if (presence !== this.#wanted) this.#refused = null;
    this.#wanted = presence;
    this.#wake();
  }

  /** Nothing more is wanted of this project: neither hosting nor news. */
  leave() {
    this.#left = true;
    this.want(null);
  }

  /** The presence that the node knows of.
   * @returns {Presence | null} */
  get hosted() {
    return this.#announced;
  }

  /**
   * More chunks of `presence` are here.
   * @param {Presence} presence
   * @param {number[]} numbers
   */
  have(presence, numbers) {
    if (presence !== this.#wanted || !this.#connected) return;
    for (const number of numbers) this.#queue.add(number);
    this.#wake();
  }

  #wake() {
    this.#again = true;
    if (this.#working) return;
    this.#working = true;
    // In a microtask, so that what is told in one go is announced in one go.
    queueMicrotask(() => void this.#work());
  }

  async #work() {
    try {
      while (this.#again) {
        this.#again = false;
        if (this.#connected) await this.#step();
      }
    } finally {
      this.#working = false;
    }
  }

  async #step() {
    const presence = this.#wanted;
    if (presence) {
      return this.#announced === presence ? this.#tellHave(presence) : this.#host(presence);
    }
    if (this.#announced) {
      return this.#tell({ t: "unhost" }, () => {
        this.#announced = null;
        this.#watching = false;
      });
    }
    if (!this.#watching && !this.#left) return this.#tell({ t: "watch" }, () => (this.#watching = true));
  }

  /** @param {Presence} presence */
  async #host(presence) {
    if (this.#refused === presence) return;
    this.#queue.clear();
    const { version, bits } = presence;
    const onOk = () => {
      this.#announced = presence;
      this.#watching = true;
      this.#onHosting(presence);
    };
    await this.#tell({ t: "host", version, have: bits.toHave() }, onOk, () => (this.#refused = presence));
  }

  /** @param {Presence} presence */
  async #tellHave(presence) {
    if (this.#queue.size === 0) return;
    // Who has come to have all of it says so: nodes count those apart, and publishers wait for one.
    if (presence.bits.toHave() === "all") {
      await this.#host(presence);
      return;
    }
    const { version } = presence;
    const numbers = [...this.#queue].sort((a, b) => a - b);
    this.#queue.clear();
    for (let at = 0; at < numbers.length; at += HAVE_AT_ONCE) {
      const chunks = numbers.slice(at, at + HAVE_AT_ONCE);
      this.#line.have({ project: this.#project, version, chunks });
    }
  }

  /**
   * @param {{t: string, version?: number, have?: string}} message
   * @param {() => void} onOk
   * @param {() => void} [onRefused]
   */
  async #tell(message, onOk, onRefused) {
    const connection = this.#connection;
    try {
      await this.#line.request({ ...message, project: this.#project });
      if (connection !== this.#connection) return;
      onOk();
      this.#again = true;
    } catch (thrown) {
      const error = /** @type {CrowdError} */ (thrown);
      // A lost connection is no refusal: the next one starts over.
      if (connection !== this.#connection || error.code === "network") return;
      onRefused?.();
      this.#onTrouble(error);
      if (WORTH_A_RETRY.includes(error.code)) {
        this.#later(error.retryAfterMs ?? ANNOUNCE_PAUSE, () => this.#retry(connection));
      }
    }
  }

  /** @param {number} connection */
  #retry(connection) {
    if (connection !== this.#connection) return;
    this.#refused = null;
    this.#wake();
  }
}
