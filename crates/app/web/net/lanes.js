// A bound on how much happens at once: whoever enters waits until a lane is free, in order. Used by Source for its
// fetches and by whoever else has to hold back.

export class Lanes {
  #free;
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {number} count how many may be busy at once */
  constructor(count) {
    this.#free = count;
  }

  /**
   * Runs `work` as soon as a lane is free.
   *
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  async run(work) {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise((resolve) => this.#waiting.push(() => resolve(undefined)));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
