// Reads a file that the browser has in its own cache, and keeps those of its chunks that are what the manifest says. It
// never asks the network.

import { sha256 } from "../protocol/hash.js";

/** @typedef {import("../protocol/hash.js").Bytes} Bytes */
/** @typedef {import("./file_pieces.js").Content} Content */

/**
 * @param {URL} url
 * @param {Content} content
 * @param {(hash: string, bytes: Bytes) => Promise<void>} keep
 * @returns {Promise<"absent" | "same" | "other">} other: the browser has something else there
 */
export async function keepCached(url, { manifest, file }, keep) {
  const response = await cachedResponse(url);
  if (!response?.body) return "absent";
  const reader = response.body.getReader();
  let chunk = new Uint8Array(manifest.lengthOf(file, 0));
  let [at, filled] = [0, 0];
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      let rest = next.value;
      while (rest.length > 0) {
        if (at === file.chunks.length) return "other";
        const taken = rest.subarray(0, chunk.length - filled);
        chunk.set(taken, filled);
        filled += taken.length;
        rest = rest.subarray(taken.length);
        if (filled < chunk.length) continue;
        if ((await sha256(chunk)) !== file.chunks[at]) return "other";
        await keep(file.chunks[at], chunk);
        at += 1;
        filled = 0;
        chunk = new Uint8Array(manifest.lengthOf(file, at));
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
  return at === file.chunks.length ? "same" : "other";
}

/** @param {URL} url */
async function cachedResponse(url) {
  try {
    const response = await fetch(url, { cache: "only-if-cached", mode: "same-origin" });
    return response.status === 200 ? response : null;
  } catch {
    return null;
  }
}
