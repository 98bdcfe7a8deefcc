// Which chunks of one version of a project are in the store. Read once from it and kept up to date by HostedProject;
// a claim only: the bytes themselves are hashed again whenever they are read.

import { Bits } from "../protocol/bits.js";

/** @typedef {import("../protocol/manifest.js").Manifest} Manifest */
/** @typedef {import("../protocol/release.js").Release} Release */
/** @typedef {import("../store/database.js").Store} Store */
/** @typedef {import("../protocol/manifest.js").ManifestFile} PresentFile */

export class Presence {
  #indexHashes;
  #sizes;

  /** Bytes of the chunks that are here, repeats counted. */
  bytes = 0;

  /**
   * @param {Release} release
   * @param {Manifest} manifest
   */
  constructor(release, manifest) {
    this.release = release;
    this.manifest = manifest;
    this.version = release.version;
    this.bits = Bits.none(manifest.chunkCount);
    this.#sizes = manifest.files.flatMap((file) => file.chunks.map((_, at) => manifest.lengthOf(file, at)));
    this.#indexHashes = new Set(manifest.find("")?.file.chunks ?? []);
  }

  /**
   * @param {Store} store
   * @param {string} siteId
   * @param {number} version
   * @returns {Promise<Presence | null>} null where the store doesn't know that version
   */
  static async read(store, siteId, version) {
    const known = await store.sites.release(siteId, version);
    if (!known) return null;
    const presence = new Presence(known.release, known.manifest);
    const hashes = [...new Set(known.manifest.hashes())];
    const here = await store.chunks.hasAll(hashes);
    presence.add(hashes.filter((_, at) => here[at]));
    return presence;
  }

  /**
   * @param {string[]} hashes
   * @returns {number[]} the numbers of the chunks that weren't here before
   */
  add(hashes) {
    const added = [];
    for (const hash of hashes) {
      for (const number of this.manifest.numbersOf(hash)) {
        if (!this.bits.set(number)) continue;
        this.bytes += this.#sizes[number];
        added.push(number);
      }
    }
    return added;
  }

  get count() {
    return this.bits.count;
  }

  /** True where this version has such a chunk, here or not; its manifest counts.
   * @param {string} hash */
  lists(hash) {
    return hash === this.release.manifest || this.manifest.numbersOf(hash).length > 0;
  }

  /** @param {string} hash */
  isOfIndex(hash) {
    return this.#indexHashes.has(hash);
  }

  /** @param {PresentFile} file */
  hasFile(file) {
    return file.chunks.every((_, at) => this.bits.has(file.firstChunk + at));
  }

  /** Hashes that aren't here, each once, of these files or of all.
   * @param {readonly PresentFile[]} [files] */
  missing(files = this.manifest.files) {
    const absent = files.flatMap((file) =>
      file.chunks.filter((_, at) => !this.bits.has(file.firstChunk + at)),
    );
    return [...new Set(absent)];
  }
}
