// What can be seen of a connection from outside: whether a node has said welcome and is still there, and what it said of
// itself. For the line that tells how the node is.

import { decodeFrame } from "../protocol/frame.js";
import { parseNodeMessage } from "../protocol/node_message.js";

/**
 * `failed`: the last try to connect came to nothing.
 * @typedef {{ connected: boolean, failed: boolean, node: string, cluster: string, nodes: number }} NodeHealth
 */

const LONGEST_NODE_NAME = 253;

export class NodeWatch {
  /** @type {NodeHealth} */
  health = { connected: false, failed: false, node: "", cluster: "", nodes: 0 };
  #onHealth;
  /** @type {WebSocket | null} the one that a node has welcomed last */
  #current = null;

  /** @param {(health: NodeHealth) => void} onHealth */
  constructor(onHealth) {
    this.#onHealth = onHealth;
  }

  /**
   * Opens a WebSocket and watches it.
   * @param {string} url
   * @param {string} protocol
   */
  open(url, protocol) {
    const socket = new WebSocket(url, protocol);
    socket.addEventListener("message", ({ data }) => this.#first(socket, data), { once: true });
    socket.addEventListener("close", () => {
      if (this.#current === null || this.#current === socket) this.#lost();
    });
    return socket;
  }

  /**
   * @param {WebSocket} socket
   * @param {unknown} data
   */
  #first(socket, data) {
    if (typeof data !== "string") return;
    try {
      const { head, body } = decodeFrame(data);
      const message = parseNodeMessage(head, body);
      if (message.t !== "welcome") return;
      this.#current = socket;
      const { node, cluster, nodes } = message;
      const name = node.slice(0, LONGEST_NODE_NAME);
      this.#tell({ connected: true, failed: false, node: name, cluster, nodes: new Set(nodes).size });
    } catch {
      // Whose socket it is, will give it up.
    }
  }

  #lost() {
    this.#current = null;
    this.#tell({ ...this.health, connected: false, failed: true });
  }

  /** @param {NodeHealth} health */
  #tell(health) {
    this.health = health;
    this.#onHealth(health);
  }
}
