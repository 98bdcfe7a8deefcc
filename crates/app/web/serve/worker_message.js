// Takes apart what pages post to the worker. A project's script can post anything, so every field is checked and every
// list bounded. Pure.

import { isVersion } from "../protocol/release.js";

/**
 * @typedef {{t: "prime", version: number, page: URL, urls: URL[]}
 *   | {t: "open", page: URL}
 *   | {t: "accept", version: number}} WorkerMessage
 */

/** What one page loads at most, as far as it is primed. */
const MOST_URLS = 2_000;
const LONGEST_URL = 4_096;

/**
 * @param {any} data
 * @param {string} origin
 * @returns {WorkerMessage | null} null for what is none, or of another origin
 */
export function parseWorkerMessage(data, origin) {
  if (typeof data !== "object" || data === null) return null;
  const { t, version, path, url, urls } = data;
  if (t === "accept") return isVersion(version) ? { t, version } : null;
  if (t === "open") {
    const page = parseOwnUrl(url, origin);
    return page && { t, page };
  }
  if (t !== "prime" || !isVersion(version) || !Array.isArray(urls) || urls.length > MOST_URLS) return null;
  const page = parseOwnUrl(path, origin);
  if (!page) return null;
  /** @type {Map<string, URL>} */
  const own = new Map();
  for (const text of urls) {
    const parsed = parseOwnUrl(text, origin);
    if (parsed) own.set(parsed.pathname + parsed.search, parsed);
  }
  return { t, version, page, urls: [...own.values()] };
}

/**
 * @param {unknown} text a URL, or the path of one
 * @param {string} origin
 * @returns {URL | null} null where it is not of this origin's project
 */
function parseOwnUrl(text, origin) {
  if (typeof text !== "string" || text.length > LONGEST_URL || !URL.canParse(text, origin)) return null;
  const url = new URL(text, origin);
  return url.origin === origin && !url.pathname.startsWith("/.crowd/") ? url : null;
}
