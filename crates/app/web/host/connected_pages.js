// The pages that said hello, and whether any of them is on a connection where bytes cost money. Kept by Host.

/** A person with more open tabs than this has the first ones forgotten. */
const PAGES_KEPT = 64;

export class ConnectedPages {
  /** @type {Map<string, boolean>} page → metered */
  #pages = new Map();

  /**
   * @param {string} page
   * @param {boolean} metered
   * @returns {boolean} whether the page is a new one
   */
  hello(page, metered) {
    const isNew = !this.#pages.delete(page);
    this.#pages.set(page, metered);
    if (this.#pages.size > PAGES_KEPT) {
      const [oldest] = this.#pages.keys();
      this.#pages.delete(oldest);
    }
    return isNew;
  }

  /** @param {string} page */
  bye(page) {
    this.#pages.delete(page);
  }

  get metered() {
    return [...this.#pages.values()].includes(true);
  }
}
