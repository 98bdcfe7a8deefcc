// Fetches what a page needs while a progress page is shown in its place, and broadcasts how far it is. The progress page's
// message starts it.

import { asCrowdError } from "../protocol/crowd_error.js";
import { FilePieces } from "./file_pieces.js";
import { findFile, requestPathOf } from "./found_file.js";

/** @typedef {"resolve" | "manifest" | "file" | "done" | "failed"} OpeningStep */

/** Stands for the navigation that the page will be asked for with. */
const AS_PAGE = /** @type {Request} */ ({ mode: "navigate", destination: "document" });

export class Opening {
  /** @type {Map<string, Promise<void>>} */
  #open = new Map();

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
   * Resolves when the page is here; rejects with a CrowdError.
   * @param {URL} page
   * @returns {Promise<void>}
   */
  open(page) {
    let opening = this.#open.get(page.pathname);
    if (!opening) {
      opening = this.#fetch(page).finally(() => this.#open.delete(page.pathname));
      this.#open.set(page.pathname, opening);
    }
    return opening;
  }

  /** @param {URL} page */
  async #fetch(page) {
    const { own } = this.sites;
    const progress = { path: page.pathname, files: 1, filesDone: 0, bytes: 0, bytesDone: 0 };
    const tell = (/** @type {OpeningStep} */ step, more = {}) =>
      this.news.progress({ ...progress, peers: own.source.peers, error: null, ...more, step });
    try {
      tell("resolve");
      const version = await this.#version();
      const onPiece = (/** @type {number} */ bytes, /** @type {number} */ size) => {
        progress.bytes = size;
        progress.bytesDone = bytes;
        tell("file");
      };
      tell("manifest");
      try {
        await this.#take(page, version, onPiece);
      } catch (error) {
        await this.#take(page, await this.sites.replace(own, version, error), onPiece);
      }
      progress.filesDone = 1;
      tell("done");
    } catch (thrown) {
      const error = asCrowdError(thrown);
      const { code, message, trace = null, asked = [] } = error;
      tell("failed", { error: { code, message, trace, asked } });
      throw error;
    }
  }

  /** What the next reload will show. */
  async #version() {
    const { sites } = this.store;
    const { source } = this.sites.own;
    try {
      await source.refresh();
    } catch (error) {
      // Nobody to ask: what is here may do.
      if (!(await sites.get(""))?.active) throw error;
    }
    const site = await sites.get("");
    return site?.active ? this.views.takeNewest(site) : (await source.load()).release.version;
  }

  /**
   * @param {URL} page
   * @param {number} version
   * @param {(bytes: number, size: number) => void} onPiece
   */
  async #take(page, version, onPiece) {
    const { source } = this.sites.own;
    const { manifest } = await source.load(version);
    const { file } = findFile(manifest, requestPathOf(page), AS_PAGE);
    const pieces = new FilePieces({ source, manifest, file, version });
    let bytes = 0;
    onPiece(bytes, file.size);
    for (let piece = await pieces.take(); piece; piece = await pieces.take()) {
      bytes += piece.length;
      onPiece(bytes, file.size);
    }
  }
}
