// Makes a release of files or of an earlier manifest: hash and store, sign, publish, remember. It shows nothing; the
// page follows it by its stages. One at a time in this browser, however many tabs.

import { CrowdError } from "../protocol/crowd_error.js";
import { sha256 } from "../protocol/hash.js";
import { buildManifest, parseManifest } from "../protocol/manifest.js";
import { signRelease } from "../protocol/release.js";
import { siteId } from "../store/site_store.js";
import { hashFiles } from "./hashing.js";
import { mediaType } from "./media_type.js";
import { releaseMoment } from "./moments.js";
import { newestRelease } from "./newest_release.js";
import { bytesOfOwner } from "./owner_key.js";
import { fittingChunkSize } from "./site_rules.js";

const PUBLICATION_LOCK = "crowd-publication";
/** With two computers publishing the same project at once, each tries so often to be the later one. */
const ATTEMPTS = 3;

/**
 * @typedef {import("../protocol/release.js").Release} Release
 * @typedef {import("../store/database.js").Store} Store
 * @typedef {import("./publisher_database.js").PublisherDatabase} PublisherDatabase
 * @typedef {import("./owner_key.js").OwnerKey} OwnerKey
 * @typedef {{ stage: "hashing", bytes: number, ofBytes: number, files: number, ofFiles: number, path: string }
 *   | { stage: "signing" } | { stage: "publishing", version: number }} Stage
 * @typedef {{ release: Release, changed: boolean, files: number, size: number }} Published
 */

export class Publication {
  #store;
  #database;
  #publish;
  #onStage;
  #signal;

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {PublisherDatabase} parts.database
   * @param {(release: Release) => Promise<void>} parts.publish gives it to the node, and hosts all of it
   * @param {(stage: Stage) => void} parts.onStage
   * @param {AbortSignal} parts.signal
   */
  constructor({ store, database, publish, onStage, signal }) {
    this.#store = store;
    this.#database = database;
    this.#publish = publish;
    this.#onStage = onStage;
    this.#signal = signal;
  }

  /**
   * Publishes files under a name.
   * @param {{ name: string, spa: boolean, files: { path: string, blob: Blob }[], key: OwnerKey }} site
   * @returns {Promise<Published>}
   */
  async ofFiles({ name, spa, files, key }) {
    return this.#alone(async () => {
      await this.#clear(name, key);
      const manifest = await this.#manifestOf(name, spa, files);
      return this.#release(name, manifest, key, null);
    });
  }

  /**
   * Publishes an earlier version again.
   * @param {{ name: string, version: number, key: OwnerKey }} what
   * @returns {Promise<Published>}
   */
  async ofVersion({ name, version, key }) {
    return this.#alone(async () => {
      const bytes = await this.#database.manifest(name, version);
      if (!bytes) throw new CrowdError("not_found", `version ${version} is not in this browser any more`);
      const manifest = parseManifest(bytes, name);
      const here = await this.#store.chunks.hasAll(manifest.hashes());
      const missing = here.filter((is) => !is).length;
      if (missing > 0) {
        throw new CrowdError(
          "not_found",
          `${missing} of its ${here.length} chunks are not in this browser any more`,
        );
      }
      return this.#release(name, bytes, key, version);
    });
  }

  /**
   * @param {() => Promise<Published>} work
   * @returns {Promise<Published>}
   */
  async #alone(work) {
    return navigator.locks.request(PUBLICATION_LOCK, { ifAvailable: true }, async (lock) => {
      if (!lock) throw new CrowdError("rate_limited", "another tab of this page is publishing");
      return work();
    });
  }

  /**
   * @param {string} name
   * @param {boolean} spa
   * @param {{ path: string, blob: Blob }[]} files
   */
  async #manifestOf(name, spa, files) {
    const sizes = files.map(({ path, blob }) => ({ path, size: blob.size }));
    const ofBytes = sizes.reduce((sum, { size }) => sum + size, 0);
    const chunkSize = fittingChunkSize(sizes);
    const ofFiles = files.length;
    this.#onStage({ stage: "hashing", bytes: 0, ofBytes, files: 0, ofFiles, path: "" });
    const site = siteId(null, name);
    const cut = await hashFiles({
      files,
      chunkSize,
      site,
      onProgress: (now) => this.#onStage({ stage: "hashing", ofBytes, ofFiles, ...now }),
      signal: this.#signal,
    });
    const notFound = files.some(({ path }) => path === "404.html") ? "404.html" : undefined;
    const typed = cut.map(({ utf8, ...file }) => ({ ...file, type: mediaType(file.path, utf8) }));
    return buildManifest({ project: name, chunkSize, index: "index.html", notFound, spa, files: typed });
  }

  /**
   * @param {string} name
   * @param {Uint8Array<ArrayBuffer>} bytes of the manifest
   * @param {OwnerKey} key
   * @param {number | null} of the version that is published again
   * @returns {Promise<Published>}
   */
  async #release(name, bytes, key, of) {
    const manifest = await sha256(bytes);
    const site = siteId(null, name);
    await this.#store.chunks.put(manifest, bytes, { protect: site });
    for (let attempt = 1; ; attempt += 1) {
      this.#signal.throwIfAborted();
      this.#onStage({ stage: "signing" });
      const newest = await newestRelease(name);
      checkOwner(newest, key);
      const highest = await this.#highest(name, newest);
      const changed = newest?.manifest !== manifest || newest.version < highest;
      const fields = { project: name, version: highest + 1, manifest, created: releaseMoment() };
      const release = changed ? await signRelease(key.privateKey, bytesOfOwner(key.owner), fields) : newest;
      this.#signal.throwIfAborted();
      this.#onStage({ stage: "publishing", version: release.version });
      try {
        await this.#publish(release);
      } catch (error) {
        const isLater = error instanceof CrowdError && error.code === "stale_version";
        if (isLater && attempt < ATTEMPTS) continue;
        throw error;
      }
      const { files, size } = await this.#keep(site, release, bytes, of);
      return { release, changed, files, size };
    }
  }

  /**
   * Looks whether the name may be had before anything is read for it, and makes way where another key's site of this
   * name is stored here: as from a cluster that has started over.
   * @param {string} name
   * @param {OwnerKey} key
   */
  async #clear(name, key) {
    checkOwner(await newestRelease(name), key);
    const site = siteId(null, name);
    const before = await this.#store.sites.get(site);
    if (!before || before.owner === key.owner) return;
    await this.#store.sites.remove(site);
    await this.#database.forget(name);
  }

  /**
   * The highest version that the node or this browser knows of.
   * @param {string} name
   * @param {Release | null} newest
   */
  async #highest(name, newest) {
    const site = await this.#store.sites.get(siteId(null, name));
    return Math.max(newest?.version ?? 0, site?.newest ?? 0);
  }

  /**
   * @param {string} site
   * @param {Release} release
   * @param {Uint8Array<ArrayBuffer>} bytes
   * @param {number | null} of
   */
  async #keep(site, release, bytes, of) {
    const { sites } = this.#store;
    await sites.accept(site, release, bytes);
    await sites.keep(site, "all");
    await sites.activate(site, release.version);
    const { files, size } = parseManifest(bytes, release.project);
    const { project: name, version, manifest, created, owner } = release;
    const known = (await this.#database.versions(name)).find((other) => other.version === version);
    const record = {
      name,
      version,
      manifest,
      created,
      files: files.length,
      size,
      of: of ?? known?.of ?? null,
    };
    await this.#database.published(record, bytes, owner, Date.parse(created));
    return record;
  }
}

/**
 * @param {Release | null} newest
 * @param {OwnerKey} key
 */
function checkOwner(newest, key) {
  if (newest === null || newest.owner === key.owner) return;
  throw new CrowdError("name_taken", "the name belongs to another key");
}
