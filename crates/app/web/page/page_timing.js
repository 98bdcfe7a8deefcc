// Reads from the browser's own timings what a page and its files went through: which came from the node, and when. Used
// for the states of a visit and to know what a worker can keep without fetching it again. Pure.

/** The node says so of every answer that it relays; a worker's own answers don't. */
const RELAY_TIMING = "relay";

/**
 * True for what the node answered; what was there before it, or came from the worker, was not.
 *
 * @param {{workerStart: number, serverTiming: readonly {name: string}[]}} entry
 */
export function isFromNode({ workerStart, serverTiming }) {
  return workerStart === 0 || serverTiming.some(({ name }) => name === RELAY_TIMING);
}

/**
 * The project's own files among what the page loaded.
 *
 * @param {PerformanceResourceTiming[]} entries
 * @param {string} origin
 * @returns {PerformanceResourceTiming[]}
 */
export function ownFilesOf(entries, origin) {
  return entries.filter(({ name }) => {
    const url = URL.canParse(name) ? new URL(name) : null;
    return url?.origin === origin && !url.pathname.startsWith("/.crowd/");
  });
}

/**
 * When a file was asked for, when the first of it came, and the last.
 *
 * @param {PerformanceResourceTiming} entry
 */
export function momentsOf({ startTime, fetchStart, requestStart, responseStart, responseEnd }) {
  const requested = requestStart || fetchStart || startTime;
  return { requested, relayed: responseStart || responseEnd, received: responseEnd };
}
