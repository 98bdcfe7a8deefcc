// Answers everything that is the project's own: pages and what they load, from verified chunks of the version that the
// page is pinned to. Where nothing is known of the project yet, the node answers as it does without a worker.

import { asCrowdError, CrowdError } from "../protocol/crowd_error.js";
import { answerFile } from "./file_answer.js";
import { findFile, redirectToFolder, requestPathOf } from "./found_file.js";
import { isCss, isHtml } from "./media_kind.js";
import { answerPage } from "./page_answer.js";
import { progressPage } from "./progress_page.js";
import { refuse } from "./refusal.js";
import { answerSheet, mayRewriteSheet } from "./sheet_answer.js";
import { ownFile } from "./app_shell.js";

/** @typedef {import("../store/site_store.js").Site} Site */

/** Without the first bytes for so long a navigation shows how far they are: ms. */
const FIRST_BYTES_PATIENCE = 1_000;

export class SiteFiles {
  /**
   * @param {object} parts
   * @param {import("../store/database.js").Store} parts.store
   * @param {import("./served_sites.js").ServedSites} parts.sites
   * @param {import("./views.js").Views} parts.views
   * @param {import("./place.js").Place} parts.place
   * @param {import("./news.js").News} parts.news
   */
  constructor({ store, sites, views, place, news }) {
    this.store = store;
    this.sites = sites;
    this.views = views;
    this.place = place;
    this.news = news;
  }

  canHandle() {
    return true;
  }

  /**
   * @param {FetchEvent} event
   * @param {URL} url
   */
  async handle(event, url) {
    const site = await this.#site(event.request);
    // Nothing known, or a store that is out of order: the site is there all the same.
    if (!site) return fetch(event.request);
    return event.request.mode === "navigate"
      ? this.#navigate(event, url, site)
      : this.#load(event, url, site);
  }

  /**
   * What is known of the project. Where that is nothing, a page that is opened is worth asking a node, since what the
   * network gives a worker for it lacks the app.
   * @param {Request} request
   * @returns {Promise<Site | null>}
   */
  async #site({ destination }) {
    const { sites } = this.store;
    try {
      const known = await sites.get("");
      if (known?.active || destination !== "document") return known?.active ? known : null;
      await withPatience(this.sites.own.source.refresh());
      return (await sites.get("")) ?? null;
    } catch {
      return null;
    }
  }

  /**
   * Something that a page loads.
   * @param {FetchEvent} event
   * @param {URL} url
   * @param {Site} site
   */
  async #load(event, url, site) {
    const { request, resultingClientId } = event;
    const since = Date.now();
    try {
      const begun = (await this.views.isBegun(event)) && (await fetch(request).catch(() => null));
      if (begun) return begun;
      const path = requestPathOf(url);
      const version = await this.views.ofClient(event, site);
      // A worker is part of the page that starts it.
      await this.views.pin(resultingClientId, version);
      const { source } = this.sites.own;
      const { manifest } = await source.load(version);
      const { file, status, redirect } = findFile(manifest, path, request);
      if (redirect) return redirectToFolder(url);
      const content = { source, manifest, file, version };
      this.news.state(7, { project: manifest.project, path: file.path, version });
      const response = (await this.#sheet(request, content)) ?? (await answerFile(request, content, status));
      this.sites.tellReceived(10, content, since);
      return response;
    } catch (error) {
      return refuse(error, { head: request.method === "HEAD" });
    }
  }

  /**
   * @param {Request} request
   * @param {import("./file_pieces.js").Content} content
   */
  async #sheet(request, content) {
    if (!isCss(content.file.type) || !mayRewriteSheet(request, content)) return null;
    const links = await this.place.links();
    return answerSheet(content, (address) => links.load(address));
  }

  /**
   * A page that is opened, or framed.
   * @param {FetchEvent} event
   * @param {URL} url
   * @param {Site} site
   */
  async #navigate(event, url, site) {
    const { request } = event;
    try {
      const version = await this.views.ofNavigation(event, site);
      const opening = this.#open(event, url, site, version);
      // Who waits for it hears of its failure.
      opening.catch(() => {});
      // A frame waits: a page of the app in its place could not be told from the project's own. And what is here takes
      // only as long as reading it does.
      if (isFramed(request) || (await this.#isHere(request, url, site, version))) return await opening;
      event.waitUntil(opening.catch(() => {}));
      return await firstBytesOf(opening);
    } catch (error) {
      if (isFramed(request)) return refuse(error);
      const template = await ownFile("progress.html").catch(() => undefined);
      return progressPage(asCrowdError(error), this.place.project, template);
    }
  }

  /**
   * True where a page needs nothing from a node.
   * @param {Request} request
   * @param {URL} url
   * @param {Site} site
   * @param {number} version
   */
  async #isHere(request, url, { id }, version) {
    const stored = await this.store.sites.release(id, version);
    if (!stored) return false;
    const { file } = findFile(stored.manifest, requestPathOf(url), request);
    return (await this.store.chunks.hasAll(file.chunks)).every(Boolean);
  }

  /**
   * @param {FetchEvent} event
   * @param {URL} url
   * @param {Site} site
   * @param {number} version
   */
  async #open(event, url, { project }, version) {
    const path = requestPathOf(url);
    this.news.state(1, { project, path, version });
    try {
      return await this.#page(event, url, path, version);
    } catch (error) {
      const newest = await this.sites.replace(this.sites.own, version, error);
      return this.#page(event, url, path, newest);
    }
  }

  /**
   * @param {FetchEvent} event
   * @param {URL} url
   * @param {string} path
   * @param {number} version
   */
  async #page({ request, resultingClientId }, url, path, version) {
    const since = Date.now();
    await this.views.pin(resultingClientId, version);
    const { source } = this.sites.own;
    const { manifest } = await source.load(version);
    const { file, status, redirect } = findFile(manifest, path, request);
    if (redirect) return redirectToFolder(url);
    const content = { source, manifest, file, version };
    const response = isHtml(file.type)
      ? await answerPage(content, status, () => this.place.linkOptions())
      : await answerFile(request, content, status);
    this.sites.tellReceived(4, content, since);
    return response;
  }
}

/** @param {Request} request */
function isFramed({ destination }) {
  return destination !== "document";
}

/**
 * The page, where its first bytes come in time.
 * @param {Promise<Response>} opening
 */
async function firstBytesOf(opening) {
  try {
    return await withPatience(opening);
  } catch (error) {
    // Nobody reads what comes too late; its chunks are kept.
    opening.then(({ body }) => body?.cancel()).catch(() => {});
    throw error;
  }
}

/**
 * What `coming` comes to; rejects with `waiting` where that takes too long.
 * @template T
 * @param {Promise<T>} coming
 * @returns {Promise<T>}
 */
async function withPatience(coming) {
  let timer = 0;
  const late = new Promise((_, reject) => {
    const error = new CrowdError("waiting", "this page is on its way");
    timer = setTimeout(() => reject(error), FIRST_BYTES_PATIENCE);
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}
