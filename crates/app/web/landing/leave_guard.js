// Asks before a tab is closed that is the last to host a project, or that is publishing. Other tabs of this page host
// on, so with another one open nobody is asked.

/** Tells whether this tab could be the only one; kept up to date because a closing tab can't wait for an answer. */
const LOOK_MS = 5_000;

export class LeaveGuard {
  /** True while something is on its way that closing would break off. */
  busy = false;
  #lastHost = false;
  #alone = true;
  #lock;

  /** @param {string} lock the name of the lock that each tab of this page holds or waits for */
  constructor(lock) {
    this.#lock = lock;
    addEventListener("beforeunload", (event) => {
      if (this.busy || (this.#lastHost && this.#alone)) event.preventDefault();
    });
    setInterval(() => void this.#look(), LOOK_MS);
  }

  /** @param {boolean} lastHost somebody's only host is this browser */
  set lastHost(lastHost) {
    this.#lastHost = lastHost;
    void this.#look();
  }

  async #look() {
    if (!this.#lastHost) return;
    const { held = [], pending = [] } = await navigator.locks.query();
    const tabs = [...held, ...pending].filter(({ name }) => name === this.#lock).length;
    this.#alone = tabs <= 1;
  }
}
