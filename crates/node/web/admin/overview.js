// What /api/overview and /api/ring say.

/**
 * @typedef {object} NodeLine
 * @property {string} name
 * @property {string} url
 * @property {"ready" | "joining" | "no_registry" | "leaving" | "silent" | "gone" | "left"} state
 * @property {string} [why] it is silent
 * @property {number} [gone_s] since when it is gone
 * @property {number | null} share
 * @property {number} [said_s] how old the rest is, which is missing where it never said anything
 * @property {string} [version]
 * @property {number} [uptime_s]
 * @property {number} [peers]
 * @property {number} [max_peers]
 * @property {number} [projects]
 * @property {number} [directory_rows]
 * @property {number} [answers_per_s]
 * @property {number} [failures_per_s]
 * @property {number} [bytes_per_s]
 * @property {number} [lent_per_s]
 * @property {number | null} [p50_ms]
 * @property {number | null} [p99_ms]
 * @property {number} [cache_bytes]
 * @property {number} [cache_limit]
 * @property {number} [room_used]
 * @property {number} [cpu]
 * @property {number} [cpus]
 * @property {number} [memory]
 * @property {number} [denied]
 */

/**
 * @typedef {object} Rates
 * @property {number} answers_per_s
 * @property {number} failures_per_s
 * @property {number} bytes_per_s
 * @property {number | null} p50_ms
 * @property {number | null} p99_ms
 */

/**
 * A value a second, the oldest first.
 * @typedef {object} Minute
 * @property {number[]} answers
 * @property {number[]} failures
 * @property {number[]} bytes
 * @property {(number | null)[]} p50_ms
 * @property {(number | null)[]} p99_ms
 */

/**
 * @typedef {object} Overview
 * @property {string} node
 * @property {string} cluster
 * @property {string} registry
 * @property {number | null} names
 * @property {string} ring
 * @property {boolean} settling
 * @property {NodeLine[]} nodes
 * @property {number} peers
 * @property {Rates} now
 * @property {Minute} minute
 * @property {{project: string, answers: number, bytes: number}[]} busiest
 * @property {{total: number, projects: {project: string, node: string}[]}} single_hosted
 */

/**
 * @typedef {object} RingMap
 * @property {string} id
 * @property {string[]} nodes
 * @property {[number, number][]} arcs where each part ends, and which node owns it
 */

/** Milliseconds after which a node that says nothing is not there. */
const PATIENCE = 5_000;

/** @returns {Promise<Overview>} */
export const readOverview = () => read("api/overview");

/** @returns {Promise<RingMap>} */
export const readRing = () => read("api/ring");

/** @param {string} path */
async function read(path) {
  const response = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (!response.ok) throw new Error((await response.text()).trim() || `it answers ${response.status}`);
  return response.json();
}
