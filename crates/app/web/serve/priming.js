// Fills the store after a first visit, from what the browser has fetched for the page already: nothing is fetched twice but
// the page itself, whose bytes the node has changed. A page's message starts it; the worker answers it.

import { FilePieces } from "./file_pieces.js";
import { keepCached } from "./cached_file.js";
import { isStandIn, requestPathOf } from "./found_file.js";
import { isCss, isHtml } from "./media_kind.js";

/** @typedef {import("../protocol/manifest.js").Manifest} Manifest */
/** @typedef {import("./file_pieces.js").Content} Content */

/** Files at a time. */
const FILES_AT_ONCE = 4;
/** Bytes of a file that is fetched for the store although the page has shown it. */
const MAX_REFETCH = 4 << 20;

export class Priming {
  /**
   * @param {object} parts
   * @param {import("../store/database.js").Store} parts.store
   * @param {import("./served_sites.js").ServedSites} parts.sites
   * @param {import("./views.js").Views} parts.views
   * @param {import("./news.js").News} parts.news
   */
  constructor({ store, sites, views, news }) {
    this.store = store;
    this.sites = sites;
    this.views = views;
    this.news = news;
  }

  /**
   * @param {Extract<import("./worker_message.js").WorkerMessage, {t: "prime"}>} message
   * @param {string} clientId
   * @returns {Promise<{version: number, mismatch: boolean, files: number}>} mismatch: the page shows files of more than
   *   one version, or of one that is no longer to be had; files: how many of those it named are here
   */
  async prime({ version, page, urls }, clientId) {
    const { source } = this.sites.own;
    const manifest = await this.#manifestOf(version);
    if (!manifest) return { version: (await source.load()).release.version, mismatch: true, files: 0 };
    await this.views.pin(clientId, version, true);
    const opened = contentAt(manifest, page, { source, version });
    /** @type {("same" | "other" | "absent")[]} */
    const outcomes = opened ? [await this.#fetch(opened)] : [];
    let next = 0;
    const lane = async () => {
      while (next < urls.length) {
        const url = urls[next];
        next += 1;
        const content = contentAt(manifest, url, { source, version });
        const standsIn = content && isStandIn(manifest, requestPathOf(url), content.file);
        if (content && !standsIn && content.file !== opened?.file)
          outcomes.push(await this.#keep(url, content));
      }
    };
    await Promise.all(Array.from({ length: FILES_AT_ONCE }, lane));
    this.news.arrived("");
    await this.news.settled();
    const files = outcomes.filter((outcome) => outcome === "same").length;
    return { version, mismatch: outcomes.includes("other"), files };
  }

  /**
   * The manifest of the version that the page was opened with; null where that is no longer to be had.
   * @param {number} version
   */
  async #manifestOf(version) {
    const { source } = this.sites.own;
    const known = await this.store.sites.release("", version);
    if (known) return known.manifest;
    await source.refresh();
    return (await this.store.sites.release("", version))?.manifest ?? null;
  }

  /**
   * @param {URL} url
   * @param {Content} content
   */
  async #keep(url, content) {
    const { type, chunks } = content.file;
    try {
      if ((await this.store.chunks.hasAll(chunks)).every(Boolean)) return "same";
      const outcome = await keepCached(url, content, async (hash, bytes) => {
        await this.store.chunks.put(hash, bytes, { protect: "" });
        this.news.arrived("", hash);
      });
      // A node answers these in more than one form, and the browser may have the other one.
      const varies = isHtml(type) || isCss(type);
      return varies && outcome !== "same" ? await this.#fetch(content) : outcome;
    } catch {
      // What can't be kept is fetched when it is needed.
      return "absent";
    }
  }

  /**
   * @param {Content} content
   * @returns {Promise<"same" | "absent">}
   */
  async #fetch(content) {
    if (content.file.size > MAX_REFETCH) return "absent";
    try {
      const pieces = new FilePieces(content);
      while (await pieces.take());
      return "same";
    } catch {
      return "absent";
    }
  }
}

/**
 * @param {Manifest} manifest
 * @param {URL} url
 * @param {Pick<Content, "source" | "version">} from
 * @returns {Content | null}
 */
function contentAt(manifest, url, { source, version }) {
  try {
    const found = manifest.find(requestPathOf(url));
    return found && !found.redirect ? { source, version, manifest, file: found.file } : null;
  } catch {
    return null;
  }
}
