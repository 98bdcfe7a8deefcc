// What was verified already, remembered for as long as this context lives: releases by everything that is signed,
// manifests by their hash. Used by SiteStore, which is asked for the same few at every request.

import { parseManifest } from "../protocol/manifest.js";
import { releaseText, verifyRelease } from "../protocol/release.js";

/** @typedef {import("../protocol/manifest.js").Manifest} Manifest */
/** @typedef {import("../protocol/release.js").Release} Release */

const RELEASES_REMEMBERED = 256;
const MANIFESTS_REMEMBERED = 8;

/**
 * Adds to a map that holds no more than `most`; the oldest goes.
 *
 * @template K, V
 * @param {Map<K, V>} map
 * @param {K} key
 * @param {V} value
 * @param {number} most
 */
function remember(map, key, value, most) {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) break;
    map.delete(oldest);
  }
}

/**
 * Everything that makes a release this one.
 *
 * @param {Release} release
 * @returns {string}
 */
export function releaseKey(release) {
  return `${release.owner}\n${release.signature}\n${releaseText(release)}`;
}

export class KnownGood {
  /** @type {Map<string, true>} */
  #releases = new Map();
  /** @type {Map<string, Manifest>} */
  #manifests = new Map();

  /**
   * Throws what verifyRelease throws.
   *
   * @param {Release} release
   * @returns {Promise<void>}
   */
  async verify(release) {
    const key = releaseKey(release);
    if (this.#releases.has(key)) return;
    await verifyRelease(release);
    remember(this.#releases, key, true, RELEASES_REMEMBERED);
  }

  /**
   * The manifest of these bytes, whose hash was checked. Throws what parseManifest throws.
   *
   * @param {string} hash
   * @param {Uint8Array} bytes
   * @param {string} project
   * @returns {Manifest}
   */
  parse(hash, bytes, project) {
    const manifest = parseManifest(bytes, project);
    remember(this.#manifests, `${hash} ${project}`, manifest, MANIFESTS_REMEMBERED);
    return manifest;
  }

  /**
   * @param {string} hash
   * @param {string} project
   * @returns {Manifest | undefined} undefined where it wasn't parsed lately
   */
  manifest(hash, project) {
    return this.#manifests.get(`${hash} ${project}`);
  }
}
