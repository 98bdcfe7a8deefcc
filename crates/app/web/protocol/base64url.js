// base64url as the protocol has it: unpadded and canonical.

import { CrowdError } from "./crowd_error.js";

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
export function toBase64url(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * @param {string} text without padding, foreign characters or stray bits in its last one, else CrowdError bad_message
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function fromBase64url(text) {
  if (/^[A-Za-z0-9_-]*$/.test(text) && text.length % 4 !== 1) {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    if (toBase64url(bytes) === text) return bytes;
  }
  throw new CrowdError("bad_message", "not unpadded, canonical base64url");
}
