// Who holds how much of the projects that were published from here: asked of the node every few seconds, while the page
// is visible.

import { askNode } from "../net/node_answer.js";

const HOSTS_PACE_MS = 4_000;
const HOSTS_PATIENCE_MS = 8_000;
const LONGEST_HOSTS = 65_536;
/** As many as a node lists. */
const MOST_NODES_SHOWN = 256;
/** Of many projects, so many are asked for in one round. */
const MOST_WATCHED = 24;

/** @typedef {{ node: string, all: number, part: number }} NodeHosts */
/** `version` is the newest one. @typedef {{ version: number, all: number, part: number, nodes: NodeHosts[] }} Hosts */

export class HostsWatch {
  #names;
  #onHosts;
  #asking = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {() => string[]} names of the projects
   * @param {(name: string, hosts: Hosts | null) => void} onHosts null where the node can't say
   */
  constructor(names, onHosts) {
    this.#names = names;
    this.#onHosts = onHosts;
    document.addEventListener("visibilitychange", () => this.look());
  }

  /** Asks now, and from now on. */
  look() {
    clearTimeout(this.#timer);
    if (!this.#asking) void this.#round();
  }

  async #round() {
    if (document.visibilityState !== "visible") return;
    this.#asking = true;
    for (const name of this.#names().slice(0, MOST_WATCHED)) this.#onHosts(name, await hostsOf(name));
    this.#asking = false;
    this.#timer = setTimeout(() => void this.#round(), HOSTS_PACE_MS);
  }
}

/**
 * @param {string} name
 * @returns {Promise<Hosts | null>}
 */
async function hostsOf(name) {
  try {
    const signal = AbortSignal.timeout(HOSTS_PATIENCE_MS);
    const url = `/.crowd/v1/${name}/hosts`;
    const { bytes } = await askNode(url, { limit: LONGEST_HOSTS, signal, cache: "no-store" });
    return parseHosts(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}

/**
 * @param {any} json
 * @returns {Hosts | null}
 */
export function parseHosts(json) {
  if (!Array.isArray(json?.nodes)) return null;
  const count = (/** @type {unknown} */ value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
  /** @type {NodeHosts[]} */
  const nodes = json.nodes.slice(0, MOST_NODES_SHOWN).map((/** @type {any} */ row) => ({
    node: typeof row?.node === "string" ? row.node.slice(0, 253) : "",
    all: count(row?.all),
    part: count(row?.part),
  }));
  const sum = (/** @type {"all" | "part"} */ what) => nodes.reduce((total, node) => total + node[what], 0);
  return {
    version: count(json.version),
    all: sum("all"),
    part: sum("part"),
    nodes: nodes.filter(({ all, part }) => all + part > 0),
  };
}
