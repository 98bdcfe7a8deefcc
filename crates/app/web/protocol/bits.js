// Which chunks of a project are here: one bit for each chunk number, bit 7 of byte 0 is chunk 0.

import { fromBase64url, toBase64url } from "./base64url.js";
import { CrowdError } from "./crowd_error.js";
import { MAX_BITS } from "./limits.js";

export class Bits {
  /**
   * @param {number} size
   * @param {Uint8Array<ArrayBuffer>} bytes exactly as many as `size` needs
   */
  constructor(size, bytes) {
    /** How many chunks there are. */
    this.size = size;
    this.bytes = bytes;
    /** How many of them are set. */
    this.count = 0;
    for (let chunk = 0; chunk < size; chunk += 1) this.count += this.has(chunk) ? 1 : 0;
  }

  /** @param {number} size */
  static none(size) {
    return new Bits(size, new Uint8Array(Math.ceil(size / 8)));
  }

  /** @param {number} size */
  static all(size) {
    const bits = Bits.none(size);
    for (let chunk = 0; chunk < size; chunk += 1) bits.set(chunk);
    return bits;
  }

  /**
   * Reads the `have` of a host: bad_message, or too_large over its limit.
   *
   * @param {string} have "all" or the base64url of a bit field
   * @param {number} size
   * @returns {Bits}
   */
  static parse(have, size) {
    if (have === "all") return Bits.all(size);
    if (have.length > Math.ceil(MAX_BITS / 3) * 4) throw tooManyBits();
    const bytes = fromBase64url(have);
    if (bytes.length > MAX_BITS) throw tooManyBits();
    if (bytes.length !== Math.ceil(size / 8)) {
      throw new CrowdError("bad_message", "a bit field has one bit for each chunk");
    }
    return new Bits(size, bytes);
  }

  /** True where every chunk is set. */
  get full() {
    return this.count === this.size;
  }

  /**
   * Whether `chunk` is set; a number past the end is not.
   *
   * @param {number} chunk
   * @returns {boolean}
   */
  has(chunk) {
    return this.#isNumber(chunk) && (this.bytes[chunk >> 3] & (0x80 >> (chunk & 7))) !== 0;
  }

  /**
   * Sets `chunk`; a number past the end is ignored.
   *
   * @param {number} chunk
   * @returns {boolean} true where it was not set before
   */
  set(chunk) {
    if (!this.#isNumber(chunk) || this.has(chunk)) return false;
    this.bytes[chunk >> 3] |= 0x80 >> (chunk & 7);
    this.count += 1;
    return true;
  }

  /**
   * The `have` that a host tells its node.
   *
   * @returns {string} "all" or the base64url of the bit field
   */
  toHave() {
    return this.full ? "all" : toBase64url(this.bytes);
  }

  /** @param {number} chunk */
  #isNumber(chunk) {
    return Number.isInteger(chunk) && chunk >= 0 && chunk < this.size;
  }
}

function tooManyBits() {
  return new CrowdError("too_large", "a bit field has at most 1,875 bytes");
}
