// The discovery nodes that this origin's project can be fetched from: home, which served the page, and the others of
// its cluster that a welcome named. Bytes are verified whoever sends them, so a wrong address here costs a try.

const FAILURE_MEMORY_MS = 30_000;
const MOST_NODES = 16;
const NODES_SOCKET_PATH = "/.crowd/ws";

/**
 * @param {string} url
 * @returns {string | null} the http base of a node's WebSocket address
 */
function baseOfSocket(url) {
  if (!URL.canParse(url)) return null;
  const { protocol, host, pathname, username } = new URL(url);
  if (username !== "" || pathname !== NODES_SOCKET_PATH) return null;
  if (protocol === "wss:") return `https://${host}`;
  return protocol === "ws:" ? `http://${host}` : null;
}

/** @param {string} base */
function isBase(base) {
  return URL.canParse(base) && /^https?:$/.test(new URL(base).protocol) && new URL(base).origin === base;
}

/**
 * Whether a page of `protocol` may fetch from `base`: a secure one may not from what is neither secure nor this machine.
 *
 * @param {string} base
 * @param {string | undefined} protocol
 */
export function mayFetchFrom(base, protocol) {
  if (protocol !== "https:" || base.startsWith("https:")) return true;
  const { hostname } = new URL(base);
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(?:\.\d+){3}$/.test(hostname)
  );
}

export class Nodes {
  #settings;
  #now;
  /** @type {string[]} */
  #others = [];
  /** @type {Map<string, number>} when each failed last */
  #failures = new Map();
  /** @type {Promise<void> | undefined} */
  #loading;

  /**
   * @param {string} home the http base of the node that served the page, its origin
   * @param {{get(name: string, otherwise?: unknown): Promise<any>, set(name: string, value: unknown): Promise<unknown>}
   *   | null} settings where the others are remembered; null to remember nothing
   * @param {() => number} [now] ms
   */
  constructor(home, settings, now = () => Date.now()) {
    this.home = home;
    this.#settings = settings;
    this.#now = now;
  }

  /**
   * Reads, once, which others were remembered.
   *
   * @returns {Promise<void>}
   */
  async load() {
    this.#loading ??= this.#readOthers();
    await this.#loading;
  }

  /**
   * All nodes, home first, those that failed within 30 s last.
   *
   * @returns {string[]}
   */
  bases() {
    const all = [this.home, ...this.#others];
    const failed = (/** @type {string} */ base) =>
      this.#now() - (this.#failures.get(base) ?? -Infinity) < FAILURE_MEMORY_MS;
    return [...all.filter((base) => !failed(base)), ...all.filter(failed)];
  }

  /**
   * Notes that a node gave no answer.
   *
   * @param {string} base
   */
  failed(base) {
    if (base === this.home || this.#others.includes(base)) this.#failures.set(base, this.#now());
  }

  /**
   * Notes that a node gave an answer.
   *
   * @param {string} base
   */
  answered(base) {
    this.#failures.delete(base);
  }

  /**
   * Learns the nodes of a welcome or goaway, and remembers them.
   *
   * @param {string[]} urls wss://…/.crowd/ws; what is no such address is left out
   * @returns {Promise<void>}
   */
  async learn(urls) {
    await this.load();
    const bases = urls.slice(0, MOST_NODES * 4).map(baseOfSocket);
    const others = this.#take(bases.filter((base) => base !== null));
    if (others.length === 0 || others.join(" ") === this.#others.join(" ")) return;
    this.#others = others;
    await this.#settings?.set("nodes", others).catch(() => {});
  }

  async #readOthers() {
    try {
      const known = await this.#settings?.get("nodes", []);
      if (Array.isArray(known)) this.#others = this.#take(known.filter((base) => typeof base === "string"));
    } catch {
      // Home alone will do.
    }
  }

  /** @param {string[]} bases */
  #take(bases) {
    const page = globalThis.location?.protocol;
    const usable = bases.filter((base) => isBase(base) && base !== this.home && mayFetchFrom(base, page));
    return [...new Set(usable)].slice(0, MOST_NODES);
  }
}
