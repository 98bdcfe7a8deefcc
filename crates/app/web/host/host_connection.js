// The one Socket of a Host, from the moment when it is wanted: where its nodes are, which one it has, and a hurry for when
// a page comes while there is none.

import { Socket } from "../net/socket.js";
import { CrowdError } from "../protocol/crowd_error.js";

/** @typedef {import("./announcer.js").NodeLine} NodeLine */

/** Pages that come and go don't hurry the connection more often: milliseconds. */
const HURRY_PACE = 1_000;

/** @implements {NodeLine} */
export class HostConnection {
  #parts;
  /** @type {Socket | null} */
  #socket = null;
  #hurriedAt = -Infinity;

  /** The name of the node, as it says. */
  node = "";

  /**
   * @param {object} parts
   * @param {import("../net/nodes.js").Nodes} parts.nodes
   * @param {import("./host_world.js").HostWorld} parts.world
   * @param {() => void} parts.onConnected it knows nothing of us yet
   * @param {() => void} parts.onLost
   * @param {NonNullable<import("../net/socket.js").SocketParts["onRequest"]>} parts.onRequest
   * @param {(project: string, version: number) => void} parts.onUpdated
   * @param {() => void} parts.onBeat now and then, while connected
   */
  constructor(parts) {
    this.#parts = parts;
  }

  open() {
    const { nodes, world, onConnected, onLost, onRequest, onUpdated, onBeat } = this.#parts;
    this.#socket = new Socket({
      urls: async () => {
        await nodes.load();
        return nodes.bases().map((base) => `${base.replace(/^http/, "ws")}/.crowd/ws`);
      },
      random: world.random,
      openSocket: world.openSocket,
      onRequest,
      onUpdated,
      onBeat,
      onWelcome: (welcome) => {
        this.node = welcome.node.slice(0, 253);
        void nodes.learn(welcome.nodes);
        onConnected();
      },
      onState: () => this.connected || onLost(),
    });
  }

  get connected() {
    return this.#socket?.connected ?? false;
  }

  /**
   * @param {Record<string, unknown> & {t: string}} message
   * @returns {Promise<any>}
   */
  async request(message) {
    if (this.#socket === null) throw new CrowdError("network", "not connected yet");
    return this.#socket.request(message);
  }

  /** @param {{project: string, version: number, chunks: number[]}} fields */
  have(fields) {
    return this.#socket?.have(fields) ?? false;
  }

  /** Connects now, where it would wait else. */
  hurry() {
    const now = this.#parts.world.now();
    if (this.connected || now - this.#hurriedAt < HURRY_PACE) return;
    this.#hurriedAt = now;
    this.#socket?.hurry();
  }

  close() {
    this.#socket?.close();
  }
}
