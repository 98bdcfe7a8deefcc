// The pause before asking again: it grows from one second to ten, is never the same for all who wait, lasts as long as
// nobody looks at the page, and ends at once when somebody does or the network is back.

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10_000;
const PAUSE_GROWTH = 1.5;

export class RetryPause {
  #length = FIRST_PAUSE;

  /** As if nothing had been tried. */
  reset() {
    this.#length = FIRST_PAUSE;
  }

  /**
   * @param {AbortSignal} signal ends it, too
   * @returns {Promise<void>}
   */
  pass(signal) {
    const length = this.#length * (0.75 + Math.random() / 2);
    this.#length = Math.min(LONGEST_PAUSE, this.#length * PAUSE_GROWTH);
    return new Promise((resolve) => {
      const over = new AbortController();
      const end = () => {
        clearTimeout(timer);
        over.abort();
        resolve();
      };
      let isTime = false;
      const timer = setTimeout(() => {
        isTime = true;
        if (!document.hidden) end();
      }, length);
      addEventListener("online", end, { signal: over.signal });
      // Who comes back to the page gets an answer now, but not one for each flick between tabs.
      const since = performance.now();
      const seen = () => !document.hidden && (isTime || performance.now() - since > FIRST_PAUSE) && end();
      document.addEventListener("visibilitychange", seen, { signal: over.signal });
      signal.addEventListener("abort", end, { signal: over.signal });
      if (signal.aborted) end();
    });
  }
}
