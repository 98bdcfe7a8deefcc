// The Content-Type of a file, as a manifest or a node says it.

import { MAX_MEDIA_TYPE } from "./limits.js";

/**
 * True for printable ASCII of at most 255 bytes.
 *
 * @param {unknown} text
 * @returns {text is string}
 */
export function isContentType(text) {
  return typeof text === "string" && text.length <= MAX_MEDIA_TYPE && /^[ -~]*$/.test(text);
}
