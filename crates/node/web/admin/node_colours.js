// A colour for each node that stays the same while the page is open, and mostly from one page to the next: it comes from
// the name, and where two names meet, the later one takes the next that is free.

const COLOURS = 12;

export class NodeColours {
  /** @type {Map<string, number>} */
  #taken = new Map();

  /** @param {string[]} names */
  know(names) {
    for (const name of names.toSorted())
      if (!this.#taken.has(name)) this.#taken.set(name, this.#choose(name));
  }

  /**
   * The class of a node.
   * @param {string} name
   */
  of(name) {
    return `c${this.#taken.get(name) ?? 0}`;
  }

  /** @param {string} name */
  #choose(name) {
    let hash = 2166136261;
    for (const char of name) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16777619);
    const wish = ((hash >>> 0) ^ (hash >>> 15)) % COLOURS;
    const taken = new Set(this.#taken.values());
    for (let step = 0; step < COLOURS; step += 1) {
      const colour = (Math.abs(wish) + step) % COLOURS;
      if (!taken.has(colour)) return colour;
    }
    return Math.abs(wish);
  }
}
