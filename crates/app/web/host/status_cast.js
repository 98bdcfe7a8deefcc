// Tells the pages how the host is doing, at most four times a second, and always the last state. Used by Host.

/** Milliseconds between two broadcasts. */
const STATUS_PACE = 250;

export class StatusCast {
  #send;
  #now;
  #later;
  #sentAt = -Infinity;
  #waiting = false;
  #stopped = false;

  /**
   * @param {object} parts
   * @param {() => Promise<void>} parts.send broadcasts what is true at that moment
   * @param {() => number} parts.now
   * @param {(ms: number, run: () => void) => void} parts.later
   */
  constructor({ send, now, later }) {
    this.#send = send;
    this.#now = now;
    this.#later = later;
  }

  /** Something changed. */
  touch() {
    if (this.#waiting || this.#stopped) return;
    const wait = Math.max(0, this.#sentAt + STATUS_PACE - this.#now());
    this.#waiting = true;
    if (wait === 0) queueMicrotask(() => this.#cast());
    else this.#later(wait, () => this.#cast());
  }

  stop() {
    this.#stopped = true;
  }

  #cast() {
    this.#waiting = false;
    if (this.#stopped) return;
    this.#sentAt = this.#now();
    // A channel that was closed meanwhile has nobody at its other end.
    void this.#send().catch(() => {});
  }
}
