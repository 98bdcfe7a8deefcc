// What a file of another project asks for from the root of its site, as a module or style sheet with `/x.js`: within this
// origin that would be the root of another site. It is led to where the file itself came from.

import { parseAddress } from "../protocol/address.js";
import { FOREIGN_PREFIX } from "./foreign_files.js";
import { isStandIn, requestPathOf } from "./found_file.js";

export class RootedFiles {
  /**
   * @param {import("./foreign_files.js").ForeignFiles} foreign
   * @param {import("./site_files.js").SiteFiles} own answers what the other project has no file for
   */
  constructor(foreign, own) {
    this.foreign = foreign;
    this.own = own;
  }

  /**
   * @param {Request} request
   * @param {URL} url
   */
  canHandle({ mode, referrer }, url) {
    if (mode === "navigate" || url.pathname.startsWith("/.crowd/") || !URL.canParse(referrer)) return false;
    const { origin, pathname } = new URL(referrer);
    return origin === url.origin && pathname.startsWith(FOREIGN_PREFIX);
  }

  /**
   * @param {FetchEvent} event
   * @param {URL} url
   */
  async handle(event, url) {
    const location = await this.#locate(event, url).catch(() => null);
    if (location === null) return this.own.handle(event, url);
    // Led there rather than answered: what it asks for in turn says the same of itself.
    return new Response(null, { status: 307, headers: { Location: location, "Cache-Control": "no-store" } });
  }

  /**
   * @param {FetchEvent} event
   * @param {URL} url
   * @returns {Promise<string | null>} null where the other project has no such file
   */
  async #locate(event, url) {
    const { pathname } = new URL(event.request.referrer);
    const { server, project } = parseAddress(`crowd://${pathname.slice(FOREIGN_PREFIX.length)}`);
    const path = requestPathOf(url);
    const manifest = await this.foreign.manifestOf({ server, project }, event);
    const found = manifest.find(path);
    if (!found || isStandIn(manifest, path, found.file)) return null;
    const root = pathname.slice(FOREIGN_PREFIX.length).split("/", server ? 2 : 1);
    return `${url.origin}${FOREIGN_PREFIX}${root.join("/")}${url.pathname}${url.search}`;
  }
}
