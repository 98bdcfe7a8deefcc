// How many bytes of content came and went, by day and in all. Written by whoever moves chunks, shown by badge and
// manage page.

import { resultOf } from "./connection.js";

/** @typedef {{down: number, up: number}} Traffic bytes */

const DAYS_KEPT = 31;
const DAY_KEY = /^[0-9]{4}-[0-9]{2}-[0-9]{2}$/;

/**
 * @param {any} record
 * @returns {Traffic}
 */
function trafficOf(record) {
  const bytes = (/** @type {unknown} */ value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
  return { down: bytes(record?.down), up: bytes(record?.up) };
}

export class CounterStore {
  #connection;
  #now;

  /**
   * @param {import("./connection.js").StoreConnection} connection
   * @param {() => Date} [now]
   */
  constructor(connection, now = () => new Date()) {
    this.#connection = connection;
    this.#now = now;
  }

  /**
   * @param {{down?: number, up?: number}} traffic bytes
   * @returns {Promise<void>}
   */
  async add(traffic) {
    const more = trafficOf(traffic);
    const today = this.#today();
    await this.#connection.run(["counters"], "readwrite", async (transaction) => {
      const counters = transaction.objectStore("counters");
      for (const key of [today, "total"]) {
        const record = await resultOf(counters.get(key));
        const before = trafficOf(record);
        counters.put({ down: before.down + more.down, up: before.up + more.up }, key);
        if (key === today && record === undefined) await forgetOldDays(counters, today);
      }
    });
  }

  /** @returns {Promise<Traffic>} */
  async today() {
    return this.#read(this.#today());
  }

  /** @returns {Promise<Traffic>} */
  async total() {
    return this.#read("total");
  }

  /** @param {string} key */
  async #read(key) {
    return this.#connection.run(["counters"], "readonly", async (transaction) =>
      trafficOf(await resultOf(transaction.objectStore("counters").get(key))),
    );
  }

  /** The day as the person's clock has it. */
  #today() {
    const now = this.#now();
    const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
    return `${String(now.getFullYear()).padStart(4, "0")}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  }
}

/**
 * @param {IDBObjectStore} counters
 * @param {string} today
 */
async function forgetOldDays(counters, today) {
  const keys = await resultOf(counters.getAllKeys());
  const days = keys.filter((key) => typeof key === "string" && DAY_KEY.test(key) && key !== today).sort();
  for (const day of days.slice(0, Math.max(0, days.length - DAYS_KEPT))) counters.delete(day);
}
