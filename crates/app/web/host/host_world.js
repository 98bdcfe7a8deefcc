// Time, chance and network as a Host uses them: the browser's own, or what a test puts in their place.

/**
 * @typedef {object} HostWorld
 * @property {() => number} now milliseconds since the epoch
 * @property {(ms: number, run: () => void) => void} later
 * @property {() => number} random 0 to 1
 * @property {typeof globalThis.fetch} fetch
 * @property {(url: string, protocol: string) => WebSocket} openSocket
 */

/**
 * @param {Partial<HostWorld>} world
 * @returns {HostWorld}
 */
export function worldOf({ now, later, random, fetch, openSocket }) {
  return {
    now: now ?? (() => Date.now()),
    later: later ?? ((ms, run) => void setTimeout(run, ms)),
    random: random ?? Math.random,
    fetch: fetch ?? ((input, options) => globalThis.fetch(input, options)),
    openSocket: openSocket ?? ((url, protocol) => new WebSocket(url, protocol)),
  };
}
