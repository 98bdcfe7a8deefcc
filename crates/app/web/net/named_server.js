// Another discovery server, as an address names it: where it is reached over HTTP. Stands in for Nodes in a Source.

import { serverText } from "../protocol/address.js";
import { mayFetchFrom } from "./nodes.js";

const REFUSAL_MEMORY_MS = 300_000;
const PLAIN_PORT = 7000;

export class NamedServer {
  #secure;
  #plain;
  #now;
  #refusedAt = -Infinity;

  /**
   * With a port: http, unless it is 443 or the page itself is secure. Without one: https, and where that fails http on
   * port 7000.
   *
   * @param {import("../protocol/address.js").Server} server
   * @param {string} [pageProtocol] for example https:
   * @param {() => number} [now] ms
   */
  constructor(server, pageProtocol = globalThis.location?.protocol, now = () => Date.now()) {
    const { host, port } = server;
    this.#now = now;
    /** @type {string | null} */
    this.#secure = null;
    /** @type {string | null} */
    this.#plain = null;
    if (port !== null && port !== 443 && pageProtocol !== "https:") {
      this.#plain = `http://${serverText(server)}`;
      return;
    }
    this.#secure = `https://${serverText({ host, port: port === 443 ? null : port })}`;
    const plain = `http://${serverText({ host, port: PLAIN_PORT })}`;
    if (port === null && mayFetchFrom(plain, pageProtocol)) this.#plain = plain;
  }

  /** Nothing to read first. */
  async load() {}

  /** @returns {string[]} */
  bases() {
    const [secure, plain] = [this.#secure, this.#plain];
    if (secure === null) return plain === null ? [] : [plain];
    const refused = this.#now() - this.#refusedAt < REFUSAL_MEMORY_MS;
    return refused && plain !== null ? [plain, secure] : [secure];
  }

  /** @param {string} base */
  failed(base) {
    if (base === this.#secure) this.#refusedAt = this.#now();
  }

  /** @param {string} base */
  answered(base) {
    if (base === this.#secure) this.#refusedAt = -Infinity;
  }
}
