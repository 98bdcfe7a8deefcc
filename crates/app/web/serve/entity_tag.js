// Entity tags: those that the gateway gives, so that a video which began without the worker goes on with it.

import { fromHex, toHex } from "../protocol/hex.js";

/** @typedef {import("../protocol/manifest.js").ManifestFile} ManifestFile */

/** Digits of the hash of a file's hashes. */
const TAG_DIGITS = 32;
/** A video asks for its tag with each range. @type {WeakMap<ManifestFile, string>} */
const tagsOfFiles = new WeakMap();

/**
 * The strong tag of a file, with its quotes.
 * @param {ManifestFile} file
 */
export async function entityTag(file) {
  let tag = tagsOfFiles.get(file);
  if (tag === undefined) {
    const hashes = fromHex(file.chunks.join(""));
    const hash = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", hashes)));
    tag = `"${hash.slice(0, TAG_DIGITS)}"`;
    tagsOfFiles.set(file, tag);
  }
  return tag;
}
