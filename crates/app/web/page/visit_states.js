// The states of a visit that only the page's own timings tell: of a page that the node rendered 1, 4, 5 and then, for
// each file, 7, 10 and 11; of every page 6. The others are told by worker and host as they happen. Pure.

import { momentsOf } from "./page_timing.js";

/** @typedef {{state: number, at: number, detail: Record<string, unknown>}} VisitState `at`: ms since the page's origin */

/**
 * State 6. The parser has met the first link no later than the first file was asked for, long before scripts run.
 *
 * @param {object} page
 * @param {number} page.firstRequested ms; Infinity where no file was
 * @param {number} page.links how many of its elements load or lead to something
 * @param {number} page.now ms
 * @returns {VisitState}
 */
export function parsedState({ firstRequested, links, now }) {
  return { state: 6, at: Math.min(now, firstRequested), detail: { links } };
}

/**
 * States 1, 4 and 5. What was received by the time of `parsed` was enough to go on with, though a long page still streams.
 *
 * @param {PerformanceNavigationTiming} navigation
 * @param {VisitState} parsed
 * @returns {VisitState[]}
 */
export function pageStates(navigation, parsed) {
  const { requested, relayed, received } = momentsOf(navigation);
  const bytes = navigation.encodedBodySize;
  return [
    { state: 1, at: requested, detail: {} },
    { state: 4, at: Math.min(relayed, parsed.at), detail: {} },
    { state: 5, at: Math.min(received, parsed.at), detail: { bytes } },
  ];
}

/**
 * States 7, 10 and 11 of each file, in the order of their times.
 *
 * @param {PerformanceResourceTiming[]} files
 * @returns {VisitState[]}
 */
export function fileStates(files) {
  const states = files.flatMap((file) => {
    const { requested, relayed, received } = momentsOf(file);
    const path = readablePath(new URL(file.name).pathname);
    return [
      { state: 7, at: requested, detail: { path } },
      { state: 10, at: relayed, detail: { path } },
      { state: 11, at: received, detail: { path, bytes: file.encodedBodySize } },
    ];
  });
  return states.sort((a, b) => a.at - b.at || a.state - b.state);
}

/**
 * A path as manifests have it; as it is where it can't be decoded.
 *
 * @param {string} pathname
 */
export function readablePath(pathname) {
  try {
    return decodeURIComponent(pathname.slice(1));
  } catch {
    return pathname.slice(1);
  }
}
