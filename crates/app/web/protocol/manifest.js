// The manifest: a project's files and the chunks they are made of, checked and indexed. Pure; the hash of its bytes is
// for the caller to check.

import { isContentType } from "./content_type.js";
import { CrowdError } from "./crowd_error.js";
import { MAX_CHUNK, MAX_CHUNKS, MAX_MANIFEST, MIN_CHUNK } from "./limits.js";
import { checkManifestShape } from "./manifest_shape.js";
import { checkFilePath } from "./path.js";

/**
 * @typedef {object} ManifestFile
 * @property {string} path
 * @property {string} type its Content-Type
 * @property {number} size bytes
 * @property {string[]} chunks their hashes, in order
 * @property {number} firstChunk the number of its first chunk within the manifest
 */

/**
 * @typedef {object} ManifestFields
 * @property {string} project
 * @property {number} chunkSize
 * @property {string} index
 * @property {string} [notFound]
 * @property {boolean} [spa]
 * @property {{path: string, type: string, size: number, chunks: string[]}[]} files
 */

/** @param {string} why */
function badManifest(why) {
  return new CrowdError("bad_manifest", why);
}

function manifestTooLarge() {
  return new CrowdError("too_large", "a manifest has at most 1 MiB and 15,000 chunks");
}

/**
 * A code unit's place in the order of UTF-8's bytes, where surrogates come last.
 *
 * @param {number} unit
 */
function utf8Rank(unit) {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/**
 * Compares by the bytes of UTF-8, which is not how JavaScript compares.
 *
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
export function compareUtf8(a, b) {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [unitOfA, unitOfB] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (unitOfA !== unitOfB) return utf8Rank(unitOfA) - utf8Rank(unitOfB);
  }
  return a.length - b.length;
}

/** @param {unknown} text */
function isFilePath(text) {
  try {
    checkFilePath(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The first place in `files`, which are sorted, whose path is not before `path`.
 *
 * @param {ManifestFile[]} files
 * @param {string} path
 */
function placeOf(files, path) {
  let [low, high] = [0, files.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareUtf8(files[middle].path, path) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Manifest {
  /** @type {Map<string, ManifestFile>} */
  #byPath = new Map();
  /** @type {string[] | undefined} */
  #hashes;
  /** @type {Map<string, number[]> | undefined} */
  #numbers;

  /** @param {any} json of the right shape; its rules are checked here */
  constructor(json) {
    /** @type {string} */
    this.project = json.project;
    /** @type {number} bytes of every chunk but the last of each file */
    this.chunkSize = json.chunk_size;
    /** @type {string} the file name of every folder's index */
    this.index = json.index;
    /** @type {string | null} the file that stands in for what is missing */
    this.notFound = json.not_found ?? null;
    /** @type {boolean} whether the index stands in for what is missing */
    this.spa = json.spa ?? false;
    /** @type {ManifestFile[]} by the bytes of their paths */
    this.files = [];
    /** @type {number} repeats counted */
    this.chunkCount = 0;
    /** @type {number} bytes of all files */
    this.size = 0;
    this.#checkHead(json);
    for (const file of json.files) this.#add(file);
    for (const { path } of this.files) {
      const next = this.files[placeOf(this.files, `${path}/`)];
      if (next?.path.startsWith(`${path}/`)) throw badManifest(`${path} is both a file and a folder`);
    }
  }

  /** @param {any} json */
  #checkHead(json) {
    const { chunkSize, index, notFound } = this;
    if (json.crowd !== 1) throw badManifest("crowd is 1, the version of the format");
    if (chunkSize < MIN_CHUNK || chunkSize > MAX_CHUNK || (chunkSize & (chunkSize - 1)) !== 0) {
      throw badManifest("chunk_size is a power of two from 1,024 to 262,144");
    }
    if (index.includes("/") || !isFilePath(index)) throw badManifest("index is the name of a file");
    if (notFound !== null && !isFilePath(notFound)) throw badManifest("not_found is the path of a file");
    let chunks = 0;
    for (const file of json.files) chunks += file.chunks.length;
    if (chunks > MAX_CHUNKS) throw manifestTooLarge();
  }

  /** @param {any} file */
  #add({ path, type, size, chunks }) {
    if (!isFilePath(path)) throw badManifest("a file's path breaks a rule");
    const last = this.files.at(-1);
    if (last !== undefined && compareUtf8(last.path, path) >= 0) {
      throw badManifest("files are sorted by the bytes of their paths, each once");
    }
    if (path.startsWith(".crowd/")) throw badManifest("no file lies under .crowd/");
    if (!isContentType(type)) {
      throw badManifest("a type is printable ASCII of at most 255 bytes");
    }
    if (Math.ceil(size / this.chunkSize) !== chunks.length) {
      throw badManifest("the number of chunks does not fit the size");
    }
    const file = { path, type, size, chunks, firstChunk: this.chunkCount };
    this.files.push(file);
    this.#byPath.set(path, file);
    this.chunkCount += chunks.length;
    this.size += size;
  }

  /**
   * What a request path comes to; null where there is nothing to show in its place.
   *
   * @param {string} requestPath decoded and checked
   * @returns {{file: ManifestFile, status: 200 | 404, redirect: boolean} | null} redirect: a folder named without its
   *   slash, to which HTTP adds it
   */
  find(requestPath) {
    const folder = requestPath.replace(/\/+$/, "");
    const index = this.#byPath.get(folder === "" ? this.index : `${folder}/${this.index}`);
    const named = requestPath === folder && folder !== "";
    const file = named ? this.#byPath.get(requestPath) : index;
    if (file !== undefined) return { file, status: 200, redirect: false };
    if (named && index !== undefined) return { file: index, status: 200, redirect: true };
    const standIn = this.#byPath.get(this.spa ? this.index : (this.notFound ?? ""));
    return standIn === undefined ? null : { file: standIn, status: this.spa ? 200 : 404, redirect: false };
  }

  /**
   * Bytes of the `at`-th chunk of `file`; 0 past its end.
   *
   * @param {ManifestFile} file
   * @param {number} at
   * @returns {number}
   */
  lengthOf(file, at) {
    return Math.max(0, Math.min(this.chunkSize, file.size - at * this.chunkSize));
  }

  /**
   * The hashes of all chunks, by their number, repeats included.
   *
   * @returns {string[]}
   */
  hashes() {
    this.#hashes ??= this.files.flatMap((file) => file.chunks);
    return this.#hashes;
  }

  /**
   * The numbers under which `hash` is listed; none where it is in no file.
   *
   * @param {string} hash
   * @returns {number[]}
   */
  numbersOf(hash) {
    if (this.#numbers === undefined) {
      this.#numbers = new Map();
      for (const [number, listed] of this.hashes().entries()) {
        const numbers = this.#numbers.get(listed);
        if (numbers === undefined) this.#numbers.set(listed, [number]);
        else numbers.push(number);
      }
    }
    return this.#numbers.get(hash) ?? [];
  }
}

/**
 * Reads and checks the manifest of `project`. Throws bad_manifest, or too_large over 1 MiB or 15,000 chunks.
 *
 * @param {Uint8Array} bytes
 * @param {string} project
 * @returns {Manifest}
 */
export function parseManifest(bytes, project) {
  if (bytes.length > MAX_MANIFEST) throw manifestTooLarge();
  /** @type {any} */
  let json;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw badManifest("a manifest is JSON in UTF-8");
  }
  checkManifestShape(json);
  if (json.project !== project) throw badManifest("the manifest is of another project");
  return new Manifest(json);
}

/**
 * The bytes of a manifest: the same for the same files, in whatever order they come. Throws what parseManifest throws.
 *
 * @param {ManifestFields} fields
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function buildManifest({ project, chunkSize, index, notFound, spa, files }) {
  const sorted = files.toSorted((a, b) => compareUtf8(a.path, b.path));
  const json = {
    crowd: 1,
    project,
    chunk_size: chunkSize,
    index,
    not_found: notFound ?? undefined,
    spa: spa === true ? true : undefined,
    files: sorted.map(({ path, type, size, chunks }) => ({
      path,
      type,
      size,
      chunks,
    })),
  };
  const bytes = new TextEncoder().encode(JSON.stringify(json));
  parseManifest(bytes, project);
  return bytes;
}
