// Makes room in a store by whole versions and sites: first chunks that belong to nothing, then versions that are neither
// active nor newest, then other projects' sites, the longest unused first. Never parts of what is active or newest, nor
// a site of which the person wants to keep all. Called by ChunkStore when a chunk doesn't fit, and when a site goes.

import { COUNTED_STORES, measureChunks, setStoredBytes, storedBytes, sumOf } from "./stored_bytes.js";

/** @typedef {import("./database.js").Store} Store */

/**
 * @typedef {object} KeptVersion one version of a site, with what it needs
 * @property {string} id
 * @property {number} version
 * @property {string[]} hashes of its chunks and its manifest, each once
 */

/** @typedef {{site: string | null, versions: KeptVersion[]}} Victim versions that go together; site: with its record */

// A publisher stores chunks before the release that lists them: so long they may belong to nothing.
const ORPHAN_GRACE_MS = 600_000;

/** @param {KeptVersion[]} versions */
function countUses(versions) {
  /** @type {Map<string, number>} */
  const uses = new Map();
  for (const { hashes } of versions) {
    for (const hash of hashes) uses.set(hash, (uses.get(hash) ?? 0) + 1);
  }
  return uses;
}

/**
 * What may go, in order.
 *
 * @param {import("./site_record.js").Site[]} sites
 * @param {KeptVersion[]} versions
 * @param {string | undefined} protect
 * @returns {Victim[]}
 */
function victimsOf(sites, versions, protect) {
  const byId = new Map(sites.map((site) => [site.id, site]));
  const isOld = (/** @type {KeptVersion} */ { id, version }) => {
    const site = byId.get(id);
    return site === undefined || (version !== site.active && version !== site.newest);
  };
  const old = versions.filter(isOld).sort((a, b) => a.version - b.version);
  const others = sites.filter(({ id, kept }) => id !== "" && id !== protect && kept !== "all");
  others.sort((a, b) => a.usedAt - b.usedAt);
  return [
    ...old.map((version) => ({ site: null, versions: [version] })),
    ...others.map(({ id }) => ({
      site: id,
      versions: versions.filter((v) => v.id === id && !isOld(v)),
    })),
  ];
}

/**
 * Deletes victims, and those of their chunks that nothing else uses.
 *
 * @param {Store} store
 * @param {Victim} victim
 * @param {Map<string, number>} uses less those of the victim afterwards
 * @returns {Promise<void>}
 */
async function drop(store, victim, uses) {
  const unused = [];
  for (const hash of victim.versions.flatMap(({ hashes }) => hashes)) {
    const left = (uses.get(hash) ?? 1) - 1;
    uses.set(hash, left);
    if (left === 0) unused.push(hash);
  }
  await store.connection.run(["sites", "releases"], "readwrite", async (transaction) => {
    if (victim.site !== null) transaction.objectStore("sites").delete(victim.site);
    for (const { id, version } of victim.versions) transaction.objectStore("releases").delete([id, version]);
  });
  await store.chunks.delete(unused);
}

/**
 * Makes room for at least `bytes`, as far as there is something that may go.
 *
 * @param {Store} store
 * @param {number} bytes
 * @param {{protect?: string}} [options] protect: the id of a site that stays
 * @returns {Promise<number>} how many bytes were freed
 */
export async function makeRoom(store, bytes, { protect } = {}) {
  const { versions, cut } = await store.sites.keptVersions();
  const uses = countUses(versions);
  // The counter may have been tampered with: what is really there decides.
  const [told, measured] = await store.connection.run(COUNTED_STORES, "readwrite", async (transaction) => {
    const before = await storedBytes(transaction);
    const really = await measureChunks(transaction);
    setStoredBytes(transaction, sumOf(really));
    return /** @type {const} */ ([before, really]);
  });
  const freed = async () => told - (await store.chunks.size());
  const deadline = Date.now() - ORPHAN_GRACE_MS;
  // Where not all versions are known, nor is what belongs to none.
  const isOrphan = (/** @type {string} */ hash, /** @type {number} */ at) =>
    !uses.has(hash) && !(at > deadline);
  const orphans = cut ? [] : [...measured].filter(([hash, { at }]) => isOrphan(hash, at));
  await store.chunks.delete(orphans.map(([hash]) => hash));
  for (const victim of victimsOf(await store.sites.list(), versions, protect)) {
    if ((await freed()) >= bytes) break;
    await drop(store, victim, uses);
  }
  return freed();
}

/**
 * Removes all of a site's versions, and its record too where `record` says so. What other sites share with it stays.
 *
 * @param {Store} store
 * @param {string} id
 * @param {boolean} record
 * @returns {Promise<void>}
 */
export async function dropSite(store, id, record) {
  const { versions } = await store.sites.keptVersions();
  const own = versions.filter((version) => version.id === id);
  await drop(store, { site: record ? id : null, versions: own }, countUses(versions));
}
