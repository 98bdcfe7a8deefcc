// Which version a page is shown with: pinned when it is opened, kept for all that it loads, so that no page mixes files of
// two releases. A newer release takes over only between two visits, and only when it is as complete as the one before.

/** @typedef {import("../store/database.js").Store} Store */
/** @typedef {import("../store/site_store.js").Site} Site */
/** @typedef {import("../protocol/manifest.js").ManifestFile} ManifestFile */

/** Pages whose client the browser may not list yet. */
const YOUNG_VIEWS = 32;

export class Views {
  /** @type {string[]} */
  #young = [];

  /**
   * @param {Store} store
   * @param {Clients} clients
   */
  constructor(store, clients) {
    this.store = store;
    this.clients = clients;
  }

  /**
   * The version of what a page loads.
   * @param {string} clientId
   * @param {Site} site
   */
  async ofClient(clientId, site) {
    return (clientId && (await this.store.views.get(clientId))) || site.active;
  }

  /**
   * The version that a page is opened with. A reload, or a visit while no other page is open, shows the newest complete
   * release.
   * @param {FetchEvent} event
   * @param {Site} site
   */
  async ofNavigation(event, site) {
    const { destination } = event.request;
    const opens = destination === "document" && (isReload(event) || !(await this.#isAnyOpen(event)));
    return opens ? this.takeNewest(site) : site.active;
  }

  /**
   * Makes the newest complete releases active: of this site, and of those that its pages load files from.
   * @param {Site} site
   * @returns {Promise<number>} the version of `site` that is active now
   */
  async takeNewest(site) {
    let { active } = site;
    for (const known of await this.store.sites.list()) {
      if (known.newest <= known.active || !(await this.#isComplete(known))) continue;
      await this.store.sites.activate(known.id, known.newest);
      if (known.id === site.id) active = known.newest;
    }
    return active;
  }

  /**
   * Pins a version for a page, and forgets the pages that are gone.
   * @param {string} clientId
   * @param {number} version
   */
  async pin(clientId, version) {
    if (!clientId) return;
    await this.store.views.set(clientId, version);
    this.#young = [...this.#young, clientId].slice(-YOUNG_VIEWS);
    const open = await this.clients.matchAll({ type: "all", includeUncontrolled: true });
    await this.store.views.keepOnly([...open.map(({ id }) => id), ...this.#young]);
  }

  /** @param {FetchEvent} event */
  async #isAnyOpen({ resultingClientId }) {
    const open = await this.clients.matchAll({ type: "window", includeUncontrolled: true });
    return open.some(({ id, frameType }) => id !== resultingClientId && frameType === "top-level");
  }

  /**
   * True where of the newest release everything is here that is here of the active one.
   * @param {Site} site
   */
  async #isComplete({ id, active, newest }) {
    const [before, after] = await Promise.all([
      this.store.sites.release(id, active),
      this.store.sites.release(id, newest),
    ]);
    if (!after) return false;
    if (!before) return true;
    const hashes = before.manifest.hashes();
    const here = await this.store.chunks.hasAll(hashes);
    const isHere = (/** @type {ManifestFile} */ { firstChunk, chunks }) =>
      chunks.every((_, at) => here[firstChunk + at]);
    const seen = new Set(before.manifest.files.filter(isHere).map(({ path }) => path));
    const needed = after.manifest.files.filter(({ path }) => seen.has(path)).flatMap(({ chunks }) => chunks);
    return (await this.store.chunks.hasAll(needed)).every(Boolean);
  }
}

/** @param {FetchEvent} event */
function isReload({ request }) {
  return request.cache === "no-cache" || request.cache === "reload";
}
