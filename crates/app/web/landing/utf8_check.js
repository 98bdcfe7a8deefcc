// Whether a file's bytes are UTF-8, told block by block as the cutter reads them.

export class Utf8Check {
  #decoder = new TextDecoder("utf-8", { fatal: true });
  #right = true;

  /** @param {Uint8Array<ArrayBuffer>} block */
  take(block) {
    if (this.#right) this.#decode(block, true);
  }

  /** @returns {boolean} whether all of it was */
  end() {
    if (this.#right) this.#decode(new Uint8Array(), false);
    return this.#right;
  }

  /**
   * @param {Uint8Array<ArrayBuffer>} block
   * @param {boolean} stream more follows
   */
  #decode(block, stream) {
    try {
      this.#decoder.decode(block, { stream });
    } catch {
      this.#right = false;
    }
  }
}
