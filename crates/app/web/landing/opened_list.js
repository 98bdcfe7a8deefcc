// The projects that were opened from this page, newest first. Kept in this browser only; where nothing can be kept
// there is no list.

import { isProjectName } from "../protocol/name.js";

const OPENED_KEY = "crowd.opened";
const MOST_OPENED = 12;

export class OpenedList {
  #storage;

  /** @param {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @returns {string[]} */
  names() {
    try {
      /** @type {unknown} */
      const list = JSON.parse(this.#storage.getItem(OPENED_KEY) ?? "[]");
      if (!Array.isArray(list)) return [];
      const names = list.filter((name) => typeof name === "string" && isProjectName(name));
      return [...new Set(names)].slice(0, MOST_OPENED);
    } catch {
      return [];
    }
  }

  /** @param {string} name */
  add(name) {
    this.#keep([name, ...this.names().filter((other) => other !== name)]);
  }

  /** @param {string} name */
  remove(name) {
    this.#keep(this.names().filter((other) => other !== name));
  }

  clear() {
    this.#keep([]);
  }

  /** @param {string[]} names */
  #keep(names) {
    try {
      if (names.length > 0) this.#storage.setItem(OPENED_KEY, JSON.stringify(names.slice(0, MOST_OPENED)));
      else this.#storage.removeItem(OPENED_KEY);
    } catch {
      // Nothing is kept, then.
    }
  }
}
