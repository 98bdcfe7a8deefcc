// What of the project's own files the page has loaded from the node, from its first one on. Boot begins it early, since the
// browser forgets; a visit takes what there is, and then what comes.

import { isFromNode, momentsOf, ownFilesOf } from "./page_timing.js";

/** No page is primed with more. */
const MOST_LOADED = 2_000;

export class LoadedFiles {
  #observer;
  #origin;
  #count = 0;
  /** @type {PerformanceResourceTiming[]} */
  #files = [];
  /** @type {((files: PerformanceResourceTiming[]) => void) | null} */
  #onMore = null;

  /** When the first of all of them was asked for, whoever answered: ms since the page's origin. */
  firstRequested = Infinity;

  /** @param {string} origin */
  constructor(origin) {
    this.#origin = origin;
    this.#observer = new PerformanceObserver((list) => this.#take(list.getEntries()));
    this.#observer.observe({ type: "resource", buffered: true });
  }

  /**
   * What was loaded so far; what follows is told.
   *
   * @param {(files: PerformanceResourceTiming[]) => void} onMore
   * @returns {PerformanceResourceTiming[]}
   */
  take(onMore) {
    this.#take(this.#observer.takeRecords());
    this.#onMore = onMore;
    return this.#files.splice(0);
  }

  /** @param {PerformanceEntryList} entries */
  #take(entries) {
    const timings = entries.filter((entry) => entry instanceof PerformanceResourceTiming);
    const own = ownFilesOf(timings, this.#origin);
    for (const file of own) this.firstRequested = Math.min(this.firstRequested, momentsOf(file).requested);
    const files = own.filter(isFromNode).slice(0, MOST_LOADED - this.#count);
    this.#count += files.length;
    if (this.#count >= MOST_LOADED) this.#observer.disconnect();
    if (files.length === 0) return;
    if (this.#onMore) this.#onMore(files);
    else this.#files.push(...files);
  }
}
