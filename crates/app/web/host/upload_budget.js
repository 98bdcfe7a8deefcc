// How much was uploaded today and in this visit, and whether more may be. Asked by Host before each answer; writes the
// store's counters behind it. A new day is noticed at the next question.

/**
 * @typedef {object} UploadCounters
 * @property {(bytes: {down?: number, up?: number}) => Promise<void>} add
 * @property {() => Promise<{down: number, up: number}>} today
 */

export class UploadBudget {
  #counters;
  #now;
  #day = "";
  #today = 0;
  #full = false;
  #unsaved = 0;
  #saving = false;
  /** Bytes a day. */
  #perDay = 0;

  /** Bytes since this host started. */
  uploaded = 0;

  /**
   * @param {UploadCounters} counters
   * @param {() => number} now milliseconds since the epoch
   */
  constructor(counters, now) {
    this.#counters = counters;
    this.#now = now;
  }

  /** Reads what other visits of today have uploaded. */
  async load() {
    this.#day = this.#dayNow();
    const { up } = await this.#counters.today().catch(() => ({ up: 0 }));
    this.#today += up;
  }

  get perDay() {
    return this.#perDay;
  }

  set perDay(bytes) {
    this.#perDay = bytes;
    this.#full = false;
  }

  get today() {
    this.#turnDay();
    return this.#today;
  }

  /** True where nothing more goes out today. */
  get spent() {
    this.#turnDay();
    return this.#full || this.#today >= this.#perDay;
  }

  /** Until a new day begins, by the person's clock: milliseconds. */
  get untilTomorrow() {
    const now = new Date(this.#now());
    const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
    return Math.max(1, tomorrow.getTime() - now.getTime());
  }

  /**
   * Takes `bytes` from today's budget, or says that there is no room for them.
   * @param {number} bytes
   */
  take(bytes) {
    this.#turnDay();
    if (this.#today + bytes > this.#perDay) {
      this.#full = true;
      return false;
    }
    this.#today += bytes;
    this.uploaded += bytes;
    this.#unsaved += bytes;
    if (!this.#saving) void this.#save();
    return true;
  }

  #turnDay() {
    const day = this.#dayNow();
    if (day === this.#day) return;
    this.#day = day;
    this.#today = 0;
    this.#full = false;
  }

  /** The person's own day, as the counters have it. */
  #dayNow() {
    return new Date(this.#now()).toDateString();
  }

  /** One write at a time: what is taken meanwhile goes into the next one. */
  async #save() {
    this.#saving = true;
    try {
      while (this.#unsaved > 0) {
        const up = this.#unsaved;
        this.#unsaved = 0;
        await this.#counters.add({ down: 0, up });
      }
    } catch {
      // A store that is gone forgets; the budget in memory still holds.
    } finally {
      this.#saving = false;
    }
  }
}
