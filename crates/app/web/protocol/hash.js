// SHA-256, the name of every chunk.

import { toHex } from "./hex.js";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes the bytes of a chunk, a manifest or a message */

/**
 * The name of a chunk of these bytes.
 *
 * @param {Bytes} bytes
 * @returns {Promise<string>} 64 lower-case hex digits
 */
export async function sha256(bytes) {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/**
 * True for 64 lower-case hex digits.
 *
 * @param {unknown} text
 * @returns {text is string}
 */
export function isHash(text) {
  return typeof text === "string" && /^[0-9a-f]{64}$/.test(text);
}
