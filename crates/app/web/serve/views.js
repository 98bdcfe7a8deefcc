// Which version a page is shown with: pinned when it is opened, kept for all that it loads, so that no page mixes files of
// two releases. A newer release takes over only between two visits, and only when it is as complete as the one before.

/** @typedef {import("../store/database.js").Store} Store */
/** @typedef {import("../store/site_store.js").Site} Site */
/** @typedef {import("../protocol/manifest.js").ManifestFile} ManifestFile */

/** So long a page keeps its version while the browser doesn't list it, as one that can be gone back to: ms. */
const UNLISTED_AGE = 86_400_000;
/** Of requests for what is loaded part by part. */
const MEDIA = new Set(["audio", "video"]);
/** Pages that are remembered here because the store has no room for them. */
const MOST_UNSTORED = 128;

export class Views {
  /** Versions that could not be stored, by client. @type {Map<string, number>} */
  #unstored = new Map();

  /**
   * @param {Store} store
   * @param {Clients} clients
   */
  constructor(store, clients) {
    this.store = store;
    this.clients = clients;
  }

  /**
   * The version of what a page loads, or a frame or worker of it.
   * @param {Pick<FetchEvent, "clientId" | "request">} event
   * @param {Site} site
   */
  async ofClient({ clientId, request }, site) {
    return (await this.#pinned(clientId)) ?? (await this.#ofNested(clientId, request)) ?? site.active;
  }

  /**
   * True where a request goes on with what the page began without this worker: browsers end a film whose later parts
   * come from somewhere else than its first.
   * @param {Pick<FetchEvent, "clientId" | "request">} event
   */
  async isBegun({ clientId, request }) {
    if (!MEDIA.has(request.destination)) return false;
    return this.store.views.isFromNode(clientId).catch(() => true);
  }

  /**
   * The version that a page is opened with. A reload, or a visit while no other page is open, shows the newest complete
   * release; a frame shows that of the page around it.
   * @param {FetchEvent} event
   * @param {Site} site
   */
  async ofNavigation(event, site) {
    if (event.request.destination !== "document") return this.ofClient(event, site);
    const opens = isReload(event) || !(await this.#isAnyOpen(event));
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
      // Without room to note it, the one before is shown.
      const noted = await this.store.sites.activate(known.id, known.newest).then(
        () => true,
        () => false,
      );
      if (!noted) continue;
      if (known.id === site.id) active = known.newest;
    }
    return active;
  }

  /**
   * Pins a version for a page, and forgets the pages that are long gone. Never fails: without room in the store it
   * holds as long as the worker runs.
   * @param {string} clientId
   * @param {number} version
   * @param {boolean} [fromNode] a node has rendered it
   */
  async pin(clientId, version, fromNode = false) {
    if (!clientId) return;
    try {
      await this.store.views.set(clientId, version, fromNode);
      this.#unstored.delete(clientId);
      const open = await this.clients.matchAll({ type: "all", includeUncontrolled: true });
      await this.store.views.dropUnlisted(new Set(open.map(({ id }) => id)), UNLISTED_AGE);
    } catch {
      this.#remember(clientId, version);
    }
  }

  /**
   * @param {string} clientId
   * @param {number} version
   */
  #remember(clientId, version) {
    this.#unstored.set(clientId, version);
    const [oldest] = this.#unstored.keys();
    if (this.#unstored.size > MOST_UNSTORED) this.#unstored.delete(oldest);
  }

  /**
   * @param {string} clientId
   * @returns {Promise<number | undefined>}
   */
  async #pinned(clientId) {
    if (!clientId) return undefined;
    return this.#unstored.get(clientId) ?? this.store.views.get(clientId);
  }

  /**
   * The version of a client that was opened without us, such as a frame without an address, or of which the browser
   * doesn't say who opens it: that of the page around it, where those that may be it all have the same.
   * @param {string} clientId
   * @param {Request} request
   * @returns {Promise<number | undefined>}
   */
  async #ofNested(clientId, { referrer }) {
    const open = await this.clients.matchAll({ type: "window", includeUncontrolled: true });
    const pages = open.filter(({ frameType }) => frameType === "top-level");
    if (pages.some(({ id }) => id === clientId)) return undefined;
    const around = open.filter(({ url }) => url.split("#", 1)[0] === referrer);
    const candidates = around.length > 0 ? around : pages;
    const versions = await Promise.all(candidates.map(({ id }) => this.#pinned(id)));
    const known = new Set(versions.filter((version) => version !== undefined));
    return known.size === 1 ? [...known][0] : undefined;
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
