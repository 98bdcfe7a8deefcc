// Visitors who read: plain requests at a rate that a test sets, spread over nodes and projects.
import { setTimeout as pause } from "node:timers/promises";

const TICK = 50;

export class Traffic {
  answered = 0;
  #running = true;

  /** `pick` says for each request which URL is read next; `perSecond` gets the seconds so far. */
  constructor(pick, perSecond) {
    this.done = this.#run(pick, perSecond);
  }

  async #run(pick, perSecond) {
    const began = Date.now();
    let due = 0;
    while (this.#running) {
      due += (perSecond((Date.now() - began) / 1000) * TICK) / 1000;
      const now = Math.floor(due);
      due -= now;
      await Promise.all([pause(TICK), ...Array.from({ length: now }, () => this.#read(pick()))]);
    }
  }

  async #read(url) {
    const response = await fetch(url, { headers: { accept: "*/*" } }).catch(() => null);
    await response?.arrayBuffer().catch(() => null);
    if (response?.ok) this.answered += 1;
  }

  async stop() {
    this.#running = false;
    await this.done;
  }
}
