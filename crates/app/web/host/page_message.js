// Takes apart what arrives over the BroadcastChannel. A project's own script can send anything over it, so every field
// is checked and every list bounded. Called by Host; pure.

import { isHash } from "../protocol/hash.js";

/** A release lists no more chunks than this. */
const MOST_STORED = 15_000;
/** A person's limits: a TiB is more than a browser gives. */
const MOST_BYTES = 2 ** 40;
const LEAST_STORAGE = 2 ** 20;
const LONGEST_SITE = 400;

/**
 * @typedef {{t: "hello", metered: boolean, page: string}
 *   | {t: "bye", page: string}
 *   | {t: "set", what: "hosting", value: "on"|"off"}
 *   | {t: "set", what: "keepAll", value: boolean}
 *   | {t: "set", what: "uploadPerDay"|"storageBytes", value: number}
 *   | {t: "stop"}
 *   | {t: "stored", site: string, version: number, hashes: string[]}} PageMessage
 */

/**
 * @param {unknown} data
 * @returns {PageMessage | null} null where it is nothing for the host
 */
export function parsePageMessage(data) {
  if (typeof data !== "object" || data === null) return null;
  const message = /** @type {Record<string, unknown>} */ (data);
  switch (message.t) {
    case "hello":
      return {
        t: "hello",
        metered: message.metered === true,
        page: pageId(message.page),
      };
    case "bye":
      return { t: "bye", page: pageId(message.page) };
    case "stop":
      return { t: "stop" };
    case "set":
      return parseSet(message.what, message.value);
    case "stored":
      return parseStored(message);
    default:
      return null;
  }
}

/** @param {unknown} page */
function pageId(page) {
  return typeof page === "string" ? page.slice(0, 40) : "";
}

/**
 * @param {unknown} what
 * @param {unknown} value
 * @returns {PageMessage | null}
 */
function parseSet(what, value) {
  if (what === "hosting") return value === "on" || value === "off" ? { t: "set", what, value } : null;
  if (what === "keepAll") return typeof value === "boolean" ? { t: "set", what, value } : null;
  if (what !== "uploadPerDay" && what !== "storageBytes") return null;
  const least = what === "storageBytes" ? LEAST_STORAGE : 0;
  const fits =
    typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= MOST_BYTES;
  return fits ? { t: "set", what, value } : null;
}

/**
 * @param {Record<string, unknown>} message
 * @returns {PageMessage | null}
 */
function parseStored({ site, version, hashes }) {
  if (typeof site !== "string" || site.length > LONGEST_SITE) return null;
  if (typeof version !== "number" || !Number.isSafeInteger(version) || version < 1) return null;
  if (!Array.isArray(hashes) || hashes.length > MOST_STORED || !hashes.every(isHash)) return null;
  return { t: "stored", site, version, hashes };
}
