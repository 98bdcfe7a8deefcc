// A scripted discovery node over WebSockets, on a free port of this machine, and a clock whose timers the test fires.

import { once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";
import { decodeFrame, encodeBinary } from "../../../../crates/app/web/protocol/frame.js";

/**
 * What a test waits for, in the order in which it came.
 *
 * @template T
 */
export class Inbox {
  /** @type {T[]} */
  #items = [];
  /** @type {((item: T) => void)[]} */
  #takers = [];

  /** @param {T} item */
  put(item) {
    const taker = this.#takers.shift();
    if (taker === undefined) this.#items.push(item);
    else taker(item);
  }

  /** @returns {Promise<T>} */
  take() {
    const item = this.#items.shift();
    return item === undefined ? new Promise((resolve) => this.#takers.push(resolve)) : Promise.resolve(item);
  }

  get size() {
    return this.#items.length;
  }
}

/** One peer's connection, as its node sees it. */
class PeerConnection {
  /** @type {Inbox<any>} messages of the peer; the body of a binary one as `body` */
  said = new Inbox();
  /** @type {Inbox<number>} */
  closed = new Inbox();

  /** @param {WebSocket} socket */
  constructor(socket) {
    this.socket = socket;
    socket.on("message", (data, binary) => {
      const bytes = new Uint8Array(data);
      const { head, body } = decodeFrame(binary ? bytes.buffer : new TextDecoder().decode(bytes));
      this.said.put(body === null ? head : { ...head, body });
    });
    socket.on("close", (code) => this.closed.put(code));
  }

  /** @param {object} message */
  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  /**
   * @param {object} head
   * @param {Uint8Array} body
   */
  sayBinary(head, body) {
    this.socket.send(encodeBinary(head, body));
  }

  /** @param {object} [fields] */
  welcome(fields = {}) {
    this.say({ t: "welcome", peer: "p", node: "n", cluster: "c", nodes: [], heartbeat_s: 30, ...fields });
  }
}

/**
 * Starts a node; it is stopped when the test ends.
 *
 * @param {import("node:test").TestContext} test
 * @param {import("ws").ServerOptions} [options]
 */
export async function socketNode(test, options = {}) {
  const handleProtocols = (/** @type {Set<string>} */ offered) =>
    offered.has("crowd.v1") ? "crowd.v1" : false;
  const server = new WebSocketServer({
    port: 0,
    host: "127.0.0.1",
    path: "/.crowd/ws",
    handleProtocols,
    ...options,
  });
  await once(server, "listening");
  /** @type {Inbox<PeerConnection>} */
  const peers = new Inbox();
  server.on("connection", (socket) => peers.put(new PeerConnection(socket)));
  test.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  return { url: `ws://127.0.0.1:${port}/.crowd/ws`, peers };
}

/** Timers that fire when the test says so, and never before. */
export class ManualClock {
  time = 0;
  /** @type {Map<number, {act: () => void, at: number}>} */
  #timers = new Map();
  #lastTimer = 0;

  now = () => this.time;

  /**
   * @param {() => void} act
   * @param {number} ms
   */
  setTimeout = (act, ms) => {
    this.#lastTimer += 1;
    this.#timers.set(this.#lastTimer, { act, at: this.time + ms });
    return this.#lastTimer;
  };

  /** @param {number} timer */
  clearTimeout = (timer) => {
    this.#timers.delete(timer);
  };

  /** In how many ms each timer fires, the next first. */
  get waits() {
    return [...this.#timers.values()].map(({ at }) => at - this.time).sort((a, b) => a - b);
  }

  /** @param {number} ms */
  advance(ms) {
    const end = this.time + ms;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.time = Math.max(this.time, due[1].at);
      due[1].act();
    }
    this.time = end;
  }
}

/**
 * @param {string} url
 * @param {string} protocol
 * @returns {any}
 */
export const openWs = (url, protocol) => new WebSocket(url, protocol);
