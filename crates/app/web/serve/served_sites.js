// The sites that this origin's pages are made of: its own project, and those it loads files from. One Source each, so that
// whoever needs a chunk shares its fetch. Used by the handlers and by what pages ask of the worker.

import { serverText } from "../protocol/address.js";
import { asCrowdError } from "../protocol/crowd_error.js";
import { Source } from "../net/source.js";
import { siteId } from "../store/site_store.js";

/** @typedef {import("../store/database.js").Store} Store */
/** @typedef {import("../net/nodes.js").Nodes} Nodes */
/** @typedef {import("./news.js").News} News */
/** @typedef {{id: string, source: Source}} ServedSite */

/** Sites with a Source of their own at a time. */
const MOST_SOURCES = 32;
/** Chunks of which it is known when they came. */
const MOST_ARRIVALS = 512;
/** What a newer release may mend: this version is no longer held by those who are there. */
const GONE_CODES = ["not_found", "no_peer"];

export class ServedSites {
  /** @type {Map<string, ServedSite>} */
  #sites = new Map();
  /** When chunks came from a node, by hash. @type {Map<string, number>} */
  #arrivals = new Map();

  /** @param {{store: Store, nodes: Nodes, news: News, project: string}} parts */
  constructor({ store, nodes, news, project }) {
    this.store = store;
    this.nodes = nodes;
    this.news = news;
    this.project = project;
    this.own = this.#serve("", { project, server: null });
  }

  /**
   * The site of a crowd address.
   * @param {{server: import("../protocol/address.js").Server | null, project: string}} address
   * @returns {ServedSite}
   */
  of({ server, project }) {
    if (!server && project === this.project) return this.own;
    const id = siteId(server && serverText(server), project);
    const site = this.#sites.get(id) ?? this.#serve(id, { project, server });
    // The longest unused goes first.
    this.#sites.delete(id);
    this.#sites.set(id, site);
    for (const oldest of this.#sites.keys()) {
      if (this.#sites.size <= MOST_SOURCES) break;
      this.#sites.delete(oldest);
    }
    return site;
  }

  /**
   * After `thrown` kept `version` of a site from being shown: the newest release, active from now on. Rethrows where
   * that is no help.
   * @param {ServedSite} site
   * @param {number} version
   * @param {unknown} thrown
   * @returns {Promise<number>}
   */
  async replace({ id, source }, version, thrown) {
    const error = asCrowdError(thrown);
    if (!GONE_CODES.includes(error.code)) throw error;
    const newest = await source.refresh().catch(() => null);
    if (!newest || newest.version <= version) throw error;
    // It is shown even where there is no room to note so.
    await this.store.sites.activate(id, newest.version).catch(() => {});
    return newest.version;
  }

  /**
   * Tells that the first bytes of a file are here, and whether they came through a node.
   * @param {4 | 10} relayed the state for that; the next one is that they were received
   * @param {import("./file_pieces.js").Content} content
   * @param {number} since when it was asked for: ms since the epoch
   */
  tellReceived(relayed, { file, manifest, version }, since) {
    const detail = { project: manifest.project, path: file.path, version, bytes: file.size };
    const at = this.#arrivals.get(file.chunks[0]) ?? 0;
    const stored = at < since;
    if (!stored) this.news.state(relayed, detail, at);
    this.news.state(relayed + 1, { ...detail, stored });
  }

  /**
   * @param {string} id
   * @param {{project: string, server: import("../protocol/address.js").Server | null}} where
   * @returns {ServedSite}
   */
  #serve(id, { project, server }) {
    const { store, nodes } = this;
    /** @type {(progress: import("../net/source.js").SourceProgress) => void} */
    const onProgress = ({ step, bytes, hash }) => {
      if (step === "chunk" && bytes > 0 && hash) this.#arrived(id, hash);
    };
    return { id, source: new Source({ store, nodes, site: { id, project, server }, onProgress }) };
  }

  /**
   * @param {string} id
   * @param {string} hash
   */
  #arrived(id, hash) {
    this.#arrivals.set(hash, Date.now());
    const [oldest] = this.#arrivals.keys();
    if (this.#arrivals.size > MOST_ARRIVALS) this.#arrivals.delete(oldest);
    this.news.arrived(id, hash);
  }
}
