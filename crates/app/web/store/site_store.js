// What is known of each project here: its owner, which versions are stored, which one is shown. The site "" is this
// origin's own project, "SERVER/PROJECT" one on another discovery server, "/PROJECT" another one of the same cluster.
// Releases are verified when they come in and again when they are read; who owned a site first, owns it, unless the
// person says otherwise.

import { CrowdError } from "../protocol/crowd_error.js";
import { sha256 } from "../protocol/hash.js";
import { isProjectName } from "../protocol/name.js";
import { isVersion, parseRelease } from "../protocol/release.js";
import { resultOf } from "./connection.js";
import { dropSite } from "./eviction.js";
import { KnownGood, releaseKey } from "./known_good.js";
import { forgetOldVersions, VERSION_STORES } from "./old_versions.js";
import { checkSuccession, isOfSite, isOwner, siteOf } from "./site_record.js";

/** @typedef {import("../protocol/manifest.js").Manifest} Manifest */
/** @typedef {import("./site_record.js").Site} Site */
/** @typedef {import("../protocol/release.js").Release} Release */

const MOST_SITES = 1_024;
const MOST_VERSIONS = 1_024;

/**
 * The id of a site that is not this origin's own.
 *
 * @param {string | null} server as an address names it; null for this cluster
 * @param {string} project
 * @returns {string}
 */
export function siteId(server, project) {
  return `${server ?? ""}/${project}`;
}

export class SiteStore {
  #store;
  #knownGood = new KnownGood();

  /** @param {import("./database.js").Store} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * @param {string} id
   * @returns {Promise<Site | undefined>}
   */
  async get(id) {
    return this.#store.connection.run(["sites"], "readonly", async (transaction) =>
      siteOf(id, await resultOf(transaction.objectStore("sites").get(id))),
    );
  }

  /** @returns {Promise<Site[]>} all sites */
  async list() {
    return this.#store.connection.run(["sites"], "readonly", async (transaction) => {
      const sites = transaction.objectStore("sites");
      const ids = await resultOf(sites.getAllKeys(null, MOST_SITES));
      const records = await resultOf(sites.getAll(null, MOST_SITES));
      const known = ids.map((id, at) => (typeof id === "string" ? siteOf(id, records[at]) : undefined));
      return known.filter((site) => site !== undefined);
    });
  }

  /**
   * Takes a release and its manifest: verifies both, pins the owner of a new site, and keeps them. The very same again
   * changes nothing. The first version of a site becomes active; old ones are forgotten. Throws owner_changed for another owner's,
   * stale_version below the newest, and what verifying throws.
   *
   * @param {string} id
   * @param {Release} release
   * @param {Uint8Array<ArrayBuffer>} manifestBytes
   * @returns {Promise<void>}
   */
  async accept(id, release, manifestBytes) {
    if (!isOfSite(id, release.project)) throw new CrowdError("bad_name", "the release is of another project");
    await this.#knownGood.verify(release);
    if ((await sha256(manifestBytes)) !== release.manifest) {
      throw new CrowdError("wrong_bytes", "the manifest has another hash than its release says");
    }
    this.#knownGood.parse(release.manifest, manifestBytes, release.project);
    checkSuccession(await this.get(id), release);
    const known = await this.signed(id, release.version);
    if (known !== undefined && releaseKey(known) !== releaseKey(release)) {
      throw new CrowdError("stale_version", "another release of this version is known");
    }
    await this.#store.chunks.put(release.manifest, manifestBytes, {
      protect: id,
    });
    await this.#store.connection.run(VERSION_STORES, "readwrite", async (transaction) => {
      const sites = transaction.objectStore("sites");
      const site = siteOf(id, await resultOf(sites.get(id)));
      checkSuccession(site, release);
      const { project, owner, version } = release;
      const active = site?.active || version;
      const record = {
        id,
        project,
        owner,
        newest: version,
        active,
        kept: site?.kept ?? "seen",
        usedAt: Date.now(),
      };
      sites.put(record, id);
      transaction.objectStore("releases").put({ release: { ...release } }, [id, version]);
      await forgetOldVersions(transaction, record);
    });
  }

  /**
   * A stored release, verified; undefined where there is none to believe.
   *
   * @param {string} id
   * @param {number} version
   * @returns {Promise<Release | undefined>}
   */
  async signed(id, version) {
    if (!isVersion(version)) return undefined;
    const [site, record] = await this.#store.connection.run(
      ["sites", "releases"],
      "readonly",
      (transaction) =>
        Promise.all([
          resultOf(transaction.objectStore("sites").get(id)),
          resultOf(transaction.objectStore("releases").get([id, version])),
        ]),
    );
    const known = siteOf(id, site);
    if (known === undefined || record === undefined) return undefined;
    try {
      const release = parseRelease(record.release);
      const its = release.owner === known.owner && release.project === known.project;
      if (!its || release.version !== version) return undefined;
      await this.#knownGood.verify(release);
      return release;
    } catch (error) {
      if (error instanceof CrowdError && error.code === "unsupported") throw error;
      return undefined;
    }
  }

  /**
   * A stored release with its manifest; undefined where one of them isn't here.
   *
   * @param {string} id
   * @param {number} version
   * @returns {Promise<{release: Release, manifest: Manifest} | undefined>}
   */
  async release(id, version) {
    const release = await this.signed(id, version);
    if (release === undefined) return undefined;
    const manifest = await this.#manifest(release.manifest, release.project);
    return manifest === undefined ? undefined : { release, manifest };
  }

  /**
   * The stored versions of a site, lowest first.
   *
   * @param {string} id
   * @returns {Promise<number[]>}
   */
  async versions(id) {
    const range = IDBKeyRange.bound([id, 0], [id, Infinity]);
    const keys = await this.#store.connection.run(["releases"], "readonly", (transaction) =>
      resultOf(transaction.objectStore("releases").getAllKeys(range, MOST_VERSIONS)),
    );
    return keys.map((/** @type {any} */ key) => key[1]).filter(isVersion);
  }

  /**
   * Shows `version` from now on. Throws not_found where it isn't stored.
   *
   * @param {string} id
   * @param {number} version
   * @returns {Promise<void>}
   */
  async activate(id, version) {
    if ((await this.signed(id, version)) === undefined) {
      throw new CrowdError("not_found", "that version of the site is not stored");
    }
    await this.#change(id, (site) => ({
      ...site,
      active: version,
      newest: Math.max(site.newest, version),
    }));
  }

  /**
   * Whether all of a site is to be kept, or what was seen of it.
   *
   * @param {string} id
   * @param {"seen" | "all"} kept
   * @returns {Promise<void>}
   */
  async keep(id, kept) {
    await this.#change(id, (site) => ({ ...site, kept }));
  }

  /**
   * Notes that a site is in use, so that others make room first.
   *
   * @param {string} id
   * @returns {Promise<void>}
   */
  async touch(id) {
    await this.#change(id, (site) => ({ ...site, usedAt: Date.now() }));
  }

  /**
   * The person says that `owner` is the new owner: what the old one released is forgotten, and the site has no version
   * until one of the new owner's is accepted.
   *
   * @param {string} id
   * @param {string} owner base64url of 32 bytes, else bad_signature
   * @returns {Promise<void>}
   */
  async acceptOwner(id, owner) {
    if (!isOwner(owner)) throw new CrowdError("bad_signature", "owner is the unpadded base64url of 32 bytes");
    const site = await this.get(id);
    if (site === undefined || site.owner === owner) return;
    await dropSite(this.#store, id, false);
    await this.#change(id, (known) => ({
      ...known,
      owner,
      newest: 0,
      active: 0,
    }));
  }

  /**
   * Forgets a site with all of its versions, and deletes the chunks that no other site uses.
   *
   * @param {string} id
   * @returns {Promise<void>}
   */
  async remove(id) {
    await dropSite(this.#store, id, true);
  }

  /**
   * Bytes that are stored of a site: chunks and manifests of all its versions, what they share once.
   *
   * @param {string} id
   * @returns {Promise<number>}
   */
  async keptBytes(id) {
    const { versions } = await this.keptVersions(id);
    const hashes = new Set(versions.flatMap((version) => version.hashes));
    return this.#store.chunks.sizeOf(hashes);
  }

  /**
   * The stored versions with the hashes they need; none of these where a manifest isn't here. Signatures are not looked
   * at. Where there are too many for one look, what every site shows and its newest are among them all the same.
   *
   * @param {string} [only] the id of one site
   * @returns {Promise<{versions: import("./eviction.js").KeptVersion[], cut: boolean}>} cut: there are more
   */
  async keptVersions(only) {
    const range = only === undefined ? null : IDBKeyRange.bound([only, 0], [only, Infinity]);
    const [keys, records] = await this.#store.connection.run(["releases"], "readonly", (transaction) => {
      const releases = transaction.objectStore("releases");
      return Promise.all([
        resultOf(releases.getAllKeys(range, MOST_VERSIONS)),
        resultOf(releases.getAll(range, MOST_VERSIONS)),
      ]);
    });
    const cut = keys.length === MOST_VERSIONS;
    /** @type {Map<string, [IDBValidKey, any]>} */
    const found = new Map(keys.map((key, at) => [String(key), [key, records[at]]]));
    if (cut) {
      const sites = (await this.list()).filter(({ id }) => only === undefined || id === only);
      const needed = sites.flatMap(({ id, active, newest }) => [
        [id, active],
        [id, newest],
      ]);
      await this.#store.connection.run(["releases"], "readonly", async (transaction) => {
        const releases = transaction.objectStore("releases");
        for (const key of needed) found.set(String(key), [key, await resultOf(releases.get(key))]);
      });
    }
    const versions = [];
    for (const [key, record] of found.values()) {
      if (!Array.isArray(key) || typeof key[0] !== "string" || typeof key[1] !== "number") continue;
      if (record === undefined) continue;
      const { manifest: hash, project } = record?.release ?? {};
      const manifest = isProjectName(project) ? await this.#manifest(hash, project) : undefined;
      const hashes = manifest === undefined ? [] : [...new Set([hash, ...manifest.hashes()])];
      versions.push({ id: key[0], version: key[1], hashes });
    }
    return { versions, cut };
  }

  /**
   * @param {string} hash
   * @param {string} project
   * @returns {Promise<Manifest | undefined>}
   */
  async #manifest(hash, project) {
    const known = this.#knownGood.manifest(hash, project);
    if (known !== undefined) return known;
    const bytes = await this.#store.chunks.get(hash);
    try {
      return bytes === null ? undefined : this.#knownGood.parse(hash, bytes, project);
    } catch {
      return undefined;
    }
  }

  /**
   * Changes the record of a site that is known.
   *
   * @param {string} id
   * @param {(site: Site) => Site} change
   */
  async #change(id, change) {
    await this.#store.connection.run(["sites"], "readwrite", async (transaction) => {
      const sites = transaction.objectStore("sites");
      const site = siteOf(id, await resultOf(sites.get(id)));
      if (site !== undefined) sites.put({ ...change(site) }, id);
    });
  }
}
