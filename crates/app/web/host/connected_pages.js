// The pages that said hello, and whether any of them is on a connection where bytes cost money. Kept by Host. While there
// is no page, as between two pages of one tab, what the last ones said still holds.

/** A person with more open tabs than this has the first ones forgotten. */
const PAGES_KEPT = 64;

export class ConnectedPages {
  /** @type {Map<string, boolean>} page → metered */
  #pages = new Map();
  #metered;

  /** @param {boolean} metered what counts until a page has said what connection this is */
  constructor(metered) {
    this.#metered = metered;
  }

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
    this.#weigh();
    return isNew;
  }

  /** @param {string} page */
  bye(page) {
    this.#pages.delete(page);
    if (this.#pages.size > 0) this.#weigh();
  }

  get metered() {
    return this.#metered;
  }

  #weigh() {
    this.#metered = [...this.#pages.values()].includes(true);
  }
}
