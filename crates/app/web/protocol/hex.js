// Lower-case hex, as hashes and trace ids are written.

import { CrowdError } from "./crowd_error.js";

/**
 * @param {Uint8Array} bytes
 * @returns {string} two digits for each byte
 */
export function toHex(bytes) {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

/**
 * @param {string} text an even number of lower-case digits, else CrowdError bad_message
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function fromHex(text) {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) {
    throw new CrowdError("bad_message", "hex is an even number of the digits 0-9 a-f");
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at += 1)
    bytes[at] = Number.parseInt(text.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}
