// What the host tells of itself over the channel. Any script of the page can write there: everything is checked.

/**
 * @typedef {import("../host/hosting_policy.js").HostingState} HostingState
 * @typedef {{connected: boolean, hosting: HostingState, version: number, newer: number, peers: number,
 *   haveBytes: number, allBytes: number, bytesIn: number, bytesOut: number,
 *   outToday: number, perDay: number, keepAll: boolean, keepDone: number, error: string}} HostNews
 */

/**
 * @param {any} message of type "status"
 * @returns {HostNews}
 */
export function readHostNews(message) {
  /** @param {unknown} value */
  const number = (value) => (typeof value === "number" && value >= 0 && Number.isFinite(value) ? value : 0);
  const hosting = ["on", "off", "ask", "metered", "budget", "never"];
  return {
    connected: message.connected === true,
    hosting: hosting.includes(message.hosting) ? message.hosting : "off",
    version: number(message.version),
    newer: number(message.newer),
    peers: number(message.peers),
    haveBytes: number(message.haveBytes),
    allBytes: number(message.allBytes),
    bytesIn: number(message.bytesIn),
    bytesOut: number(message.bytesOut),
    outToday: number(message.outToday),
    perDay: number(message.perDay),
    keepAll: message.keepAll === true,
    keepDone: Math.min(1, number(message.keepDone)),
    error: typeof message.error === "string" ? message.error.slice(0, 200) : "",
  };
}
