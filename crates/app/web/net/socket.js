// The connection to a discovery node, kept up: connects, connects again when it is lost, and moves to another node when
// one leaves. Driven by the sockets' events; timers are for back-off and liveness alone. Host has the one Socket.

import { CrowdError } from "../protocol/crowd_error.js";
import { encodeHave } from "../protocol/message.js";
import { NodeLink } from "./node_link.js";

/** @typedef {import("../protocol/hash.js").Bytes} Bytes */
/** @typedef {import("../protocol/node_message.js").Welcome} Welcome */

/** @typedef {{state: "connecting" | "connected" | "waiting" | "closed", url: string | null, waitMs?: number}} SocketState */

/**
 * @typedef {object} SocketParts
 * @property {() => string[] | Promise<string[]>} urls WebSocket addresses of nodes, the best first
 * @property {(welcome: Welcome, url: string) => void} [onWelcome] connected: what is hosted and watched has to be said again
 * @property {(hash: string, project: string, version: number, traceparent?: string) => Promise<Bytes | null> | Bytes
 *   | null} [onRequest] null where it isn't here
 * @property {(project: string, version: number) => void} [onUpdated]
 * @property {(state: SocketState) => void} [onState]
 * @property {() => void} [onBeat] now and then, as long as it is connected
 * @property {(url: string, protocol: string) => WebSocket} [openSocket]
 * @property {import("./node_link.js").Clock} [clock]
 * @property {() => number} [random] 0 to 1
 */

const FIRST_MEAN_WAIT_MS = 500;
/** With what chance adds to it, half a minute. */
const LONGEST_MEAN_WAIT_MS = 20_000;

/** A connection that held so long was a good one: the next wait is the first again. */
const STEADY_MS = 10_000;

const LONGEST_GOAWAY_MS = 60_000;
const MOST_PREFERRED = 16;

/** @type {import("./node_link.js").Clock} */
const REAL_CLOCK = {
  now: () => Date.now(),
  setTimeout: (act, ms) => setTimeout(act, ms),
  clearTimeout: (timer) => clearTimeout(timer),
};

/** @param {string} url */
function isSocketUrl(url) {
  return URL.canParse(url) && /^wss?:$/.test(new URL(url).protocol);
}

export class Socket {
  #urls;
  #handlers;
  #openSocket;
  #clock;
  #random;
  /** @type {NodeLink | null} the one that is in use */
  #current = null;
  /** @type {NodeLink | null} the one that is to be */
  #coming = null;
  #connecting = false;
  #leaving = false;
  #closed = false;
  /** @type {string[]} where a node that leaves said to go */
  #preferred = [];
  #turn = 0;
  #failures = 0;
  #welcomedAt = 0;
  #ignored = 0;
  /** @type {any} */
  #timer = null;

  /**
   * Connects at once.
   *
   * @param {SocketParts} parts
   */
  constructor({ urls, onWelcome, onRequest, onUpdated, onState, onBeat, openSocket, clock, random }) {
    this.#urls = urls;
    this.#handlers = { onWelcome, onRequest, onUpdated, onState, onBeat };
    this.#openSocket = openSocket ?? ((url, protocol) => new WebSocket(url, protocol));
    this.#clock = clock ?? REAL_CLOCK;
    this.#random = random ?? Math.random;
    queueMicrotask(() => this.#connect());
  }

  /** Whether a node has said welcome and is still there. */
  get connected() {
    return this.#current !== null;
  }

  /** How many messages came that were none of the protocol. */
  get ignored() {
    return this.#ignored + (this.#current?.ignored ?? 0) + (this.#coming?.ignored ?? 0);
  }

  /**
   * Asks the node and resolves with its answer. Rejects with a CrowdError: what the node answered, network where there
   * is no connection, or rate_limited over 256 open questions.
   *
   * @param {Record<string, unknown> & {t: string}} message publish, resolve, host, unhost, request, watch or ping,
   *   without its id
   * @returns {Promise<any>}
   */
  async request(message) {
    if (this.#current === null) throw new CrowdError("network", "not connected to a discovery node");
    return this.#current.request(message);
  }

  /**
   * Tells the node that more chunks are here.
   *
   * @param {{project: string, version: number, chunks: number[]}} fields
   * @returns {boolean} whether it was sent
   */
  have(fields) {
    return this.#current?.tell(encodeHave(fields)) ?? false;
  }

  /** Ends the connection for good. */
  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#clock.clearTimeout(this.#timer);
    this.#coming?.end();
    this.#current?.end();
    this.#say("closed", null);
  }

  /** Connects now, where it would wait else: for when the network is back. */
  hurry() {
    if (this.#timer === null || this.#leaving) return;
    this.#clock.clearTimeout(this.#timer);
    this.#connect();
  }

  async #connect() {
    this.#timer = null;
    const settled = this.#current !== null && !this.#leaving;
    if (this.#closed || settled || this.#connecting || this.#coming !== null) return;
    this.#connecting = true;
    /** @type {string[]} */
    let urls = [];
    try {
      urls = [...this.#preferred, ...(await this.#urls())].filter(isSocketUrl);
    } catch {
      urls = this.#preferred;
    }
    this.#connecting = false;
    if (this.#closed) return;
    const url = urls[this.#turn % Math.max(1, urls.length)];
    if (url === undefined) return this.#retry();
    this.#say("connecting", url);
    try {
      this.#coming = this.#link(url);
    } catch {
      this.#turn += 1;
      this.#retry();
    }
  }

  /** @param {string} url */
  #link(url) {
    const { onRequest, onUpdated, onBeat } = this.#handlers;
    const link = new NodeLink(url, this.#openSocket, this.#clock, {
      onWelcome: (welcome) => this.#welcomed(link, welcome),
      onRequest: (hash, project, version, traceparent) =>
        onRequest?.(hash, project, version, traceparent) ?? null,
      onUpdated: (project, version) => onUpdated?.(project, version),
      onGoaway: (goaway) => this.#goaway(link, goaway),
      onBeat: () => onBeat?.(),
      onEnd: () => this.#ended(link),
    });
    return link;
  }

  /**
   * @param {NodeLink} link
   * @param {Welcome} welcome
   */
  #welcomed(link, welcome) {
    const before = this.#current;
    this.#current = link;
    this.#coming = null;
    this.#leaving = false;
    this.#preferred = [];
    this.#turn = 0;
    this.#welcomedAt = this.#clock.now();
    before?.drain();
    this.#say("connected", link.url);
    this.#handlers.onWelcome?.(welcome, link.url);
  }

  /**
   * @param {NodeLink} link
   * @param {import("../protocol/node_message.js").Goaway} goaway
   */
  #goaway(link, { nodes, reconnect_in_ms }) {
    if (link !== this.#current || this.#leaving || this.#closed) return;
    this.#leaving = true;
    this.#preferred = nodes.filter((url) => isSocketUrl(url) && url !== link.url).slice(0, MOST_PREFERRED);
    this.#turn = this.#preferred.length > 0 ? 0 : 1;
    this.#failures = 0;
    this.#clock.clearTimeout(this.#timer);
    this.#timer = this.#clock.setTimeout(() => this.#connect(), Math.min(reconnect_in_ms, LONGEST_GOAWAY_MS));
  }

  /** @param {NodeLink} link */
  #ended(link) {
    this.#ignored += link.ignored;
    const wasCurrent = link === this.#current;
    const wasComing = link === this.#coming;
    if (wasCurrent) this.#current = null;
    if (wasComing) this.#coming = null;
    if (this.#closed || (!wasCurrent && !wasComing)) return;
    if (wasComing) this.#turn += 1;
    if (wasCurrent && this.#clock.now() - this.#welcomedAt >= STEADY_MS) this.#failures = 0;
    // One that leaves has said when to connect again.
    const coming = this.#timer !== null || this.#connecting || this.#coming !== null;
    if (!coming) this.#retry();
    else if (wasCurrent) this.#say("waiting", null);
  }

  #retry() {
    const mean = Math.min(LONGEST_MEAN_WAIT_MS, FIRST_MEAN_WAIT_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    // The first wait too: whoever a node lost at once would come back at once.
    const waitMs = mean * (0.5 + this.#random());
    this.#timer = this.#clock.setTimeout(() => this.#connect(), waitMs);
    if (this.#current === null) this.#say("waiting", null, waitMs);
  }

  /**
   * @param {SocketState["state"]} state
   * @param {string | null} url
   * @param {number} [waitMs]
   */
  #say(state, url, waitMs) {
    this.#handlers.onState?.({ state, url, waitMs });
  }
}
