// What this browser keeps of the site whose origin this is, read from its store. It changes nothing.

/** @typedef {import("../store/database.js").Store} Store */
/** @typedef {import("../store/site_store.js").Site} Site */

/**
 * @typedef {object} KeptSite
 * @property {Site | undefined} site
 * @property {number[]} versions
 * @property {number} bytes of all of its versions
 * @property {number} stored bytes of everything in the store, files of other sites that its pages use included
 * @property {number} files of the version that is shown
 * @property {number} filesDone those of them that are here as a whole
 * @property {number} size bytes of the version that is shown
 */

/**
 * @param {Store} store
 * @returns {Promise<KeptSite>}
 */
export async function readKeptSite(store) {
  const site = await store.sites.get("");
  const stored = await store.chunks.size();
  const nothing = { site, versions: [], bytes: 0, stored, files: 0, filesDone: 0, size: 0 };
  if (!site) return nothing;
  const versions = await store.sites.versions("");
  const bytes = await store.sites.keptBytes("");
  const shown = await store.sites.release("", site.active || site.newest);
  if (!shown) return { ...nothing, versions, bytes };
  const { files, size } = shown.manifest;
  const here = await store.chunks.hasAll(shown.manifest.hashes());
  const isWhole = (/** @type {import("../protocol/manifest.js").ManifestFile} */ { firstChunk, chunks }) =>
    here.slice(firstChunk, firstChunk + chunks.length).every(Boolean);
  return {
    site,
    versions,
    bytes,
    stored,
    files: files.length,
    filesDone: files.filter(isWhole).length,
    size,
  };
}
