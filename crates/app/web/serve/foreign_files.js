// Answers `/.crowd/x/…`: files of other projects, of this cluster and of other discovery servers, that a page loads. They
// are fetched from where the address says and verified like the own ones, each site with its own pinned owner. What fails
// is a real HTTP error, so that `error` events fire and alternatives are tried.

import { CrowdError } from "../protocol/crowd_error.js";
import { parseAddress, serverText } from "../protocol/address.js";
import { answerFile } from "./file_answer.js";
import { findFile, redirectToFolder } from "./found_file.js";
import { isCss } from "./media_kind.js";
import { refuse } from "./refusal.js";
import { answerSheet, mayRewriteSheet } from "./sheet_answer.js";

/** @typedef {import("../protocol/address.js").Address} Address */
/** @typedef {import("./served_sites.js").ServedSite} ServedSite */

export const FOREIGN_PREFIX = "/.crowd/x/";
/** A site that is known is looked up anew after this time, in the background: ms. */
const LOOK_UP_AGE = 60_000;

export class ForeignFiles {
  /** When sites were looked up. @type {Map<string, number>} */
  #lookedUp = new Map();

  /**
   * @param {object} parts
   * @param {import("../store/database.js").Store} parts.store
   * @param {import("./served_sites.js").ServedSites} parts.sites
   * @param {import("./place.js").Place} parts.place
   * @param {import("./news.js").News} parts.news
   */
  constructor({ store, sites, place, news }) {
    this.store = store;
    this.sites = sites;
    this.news = news;
    this.place = place;
  }

  /**
   * @param {Request} _
   * @param {URL} url
   */
  canHandle(_, url) {
    return url.pathname.startsWith(FOREIGN_PREFIX);
  }

  /**
   * @param {FetchEvent} event
   * @param {URL} url
   */
  async handle(event, url) {
    const { request } = event;
    try {
      const text = `crowd://${url.pathname.slice(FOREIGN_PREFIX.length)}`;
      const address = parseAddress(text);
      // Another project's pages never run in this one's origin.
      if (request.mode === "navigate") return await this.#leadAway(address, text + url.search);
      const site = this.sites.of(address);
      const version = await this.#versionOf(site, event);
      const response = await this.#answer(request, url, address, site, version).catch(async (error) => {
        const newest = await this.sites.replace(site, version, error);
        return this.#answer(request, url, address, site, newest);
      });
      // Wherever its bytes end up, they don't become a page of this origin.
      response.headers.set("Content-Security-Policy", "sandbox");
      return response;
    } catch (error) {
      return refuse(error, { head: request.method === "HEAD" });
    }
  }

  /**
   * The manifest of what is shown of a site.
   * @param {Pick<Address, "server" | "project">} address
   * @param {ExtendableEvent} event
   */
  async manifestOf(address, event) {
    const site = this.sites.of(address);
    return (await site.source.load(await this.#versionOf(site, event))).manifest;
  }

  /**
   * Leads to another project of this cluster. Anywhere else it would be this origin that vouches for a stranger.
   * @param {Address} address
   * @param {string} text
   */
  async #leadAway({ server }, text) {
    const to = server ? null : (await this.place.links()).absolute(text);
    if (to === null) throw new CrowdError("not_found", "pages of other servers have their own addresses");
    return new Response(null, { status: 307, headers: { Location: to, "Cache-Control": "no-store" } });
  }

  /**
   * The version that is shown of a site: the one that is, or for a new one the newest.
   * @param {ServedSite} site
   * @param {ExtendableEvent} event
   */
  async #versionOf({ id, source }, event) {
    const known = await this.store.sites.get(id);
    const looked = this.#lookedUp.get(id) ?? 0;
    if (known && known.active > 0) {
      if (Date.now() - looked > LOOK_UP_AGE) event.waitUntil(this.#lookUp(id, source).catch(() => {}));
      return known.active;
    }
    const { version } = await this.#lookUp(id, source);
    return (await this.store.sites.get(id))?.active || version;
  }

  /**
   * @param {string} id
   * @param {import("../net/source.js").Source} source
   */
  async #lookUp(id, source) {
    if (this.#lookedUp.size > 256) this.#lookedUp.clear();
    this.#lookedUp.set(id, Date.now());
    return source.refresh();
  }

  /**
   * @param {Request} request
   * @param {URL} url
   * @param {Address} address
   * @param {ServedSite} site
   * @param {number} version
   * @returns {Promise<Response>}
   */
  async #answer(request, url, { server, path }, { source }, version) {
    const since = Date.now();
    const { manifest } = await source.load(version);
    const { file, status, redirect } = findFile(manifest, path, request);
    if (redirect) return redirectToFolder(url);
    const content = { source, manifest, file, version };
    this.news.state(7, { project: manifest.project, path: file.path, version });
    let response = null;
    if (isCss(file.type) && mayRewriteSheet(request, content)) {
      const links = await this.place.links();
      response = await answerSheet(content, (link) => links.load(qualify(link, server)));
    }
    response ??= await answerFile(request, content, status);
    this.sites.tellReceived(10, content, since);
    return response;
  }
}

/**
 * A sheet from another server means that server where its addresses name none.
 * @param {string} link
 * @param {Address["server"]} server
 */
function qualify(link, server) {
  if (!server) return link;
  try {
    const address = parseAddress(link.trim());
    return address.server ? link : link.trim().replace(/^crowd:\/\//i, `crowd://${serverText(server)}/`);
  } catch {
    return link;
  }
}
