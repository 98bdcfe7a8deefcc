// Crowd addresses as ordinary URLs, for the pages of one project. The rules are the gateway's, so that a page is the same
// whoever renders it. Used by the page's script, the renderer and the worker; it never looks at a document.

import { parseAddress, parseServer, serverText } from "../protocol/address.js";
import { encodePath } from "../protocol/path.js";

/**
 * @typedef {object} LinksOptions
 * @property {string} project whose pages they are
 * @property {string} base host and port under which projects have their origins, such as `localhost:7000`
 * @property {string} scheme `http` or `https`
 * @property {string[]} servers what addresses may name to mean this cluster, as a node's config.json lists it
 * @property {"own" | "path"} form `own`: the project has an origin of its own; `path`: it lies under `/{project}/`
 * @property {boolean} [controlled] a worker answers what these pages load
 */

/** @typedef {import("../protocol/address.js").Server} Server */
/** @typedef {import("../protocol/address.js").Address} CrowdLink */

/** Where a discovery server is found without TLS. */
const ORDINARY_PORT = 7000;
/** Servers of one cluster that are told apart from others. */
const MAX_SERVERS = 64;

/** Crowd links of one project's pages. */
export class Links {
  /** @param {LinksOptions} options */
  constructor({ project, base, scheme, servers, form, controlled = false }) {
    this.project = project;
    this.base = base;
    this.scheme = scheme.replace(":", "");
    this.form = form;
    /** True once a worker answers what the page loads: boot sets it when one takes the page over. */
    this.controlled = controlled;
    const port = this.scheme === "https" ? 443 : 80;
    const own = [base, `www.${base}`, `${project}.${base}`].map((name) => readServer(name, port));
    const named = servers.slice(0, MAX_SERVERS).map((name) => readServer(name, null));
    this.known = [...own, ...named].filter((server) => server !== null);
  }

  /**
   * The ordinary URL of something that a page loads: an image, a script, a style sheet. Null for what is no crowd
   * address.
   * @param {string} url
   */
  load(url) {
    const link = parseCrowdLink(url);
    if (!link) return null;
    const foreign = this.#elsewhere(link) || link.project !== this.project;
    if (!foreign || !this.controlled || this.form === "path") return this.#ordinary(link);
    const server = this.#elsewhere(link) && link.server ? `${serverText(link.server)}/` : "";
    return `/.crowd/x/${server}${link.project}/${encodePath(link.path)}${link.suffix}`;
  }

  /**
   * The ordinary URL of something that a page leads to or frames: a link, a form's target, a frame. Null for what is no
   * crowd address.
   * @param {string} url
   */
  navigate(url) {
    const link = parseCrowdLink(url);
    return link && this.#ordinary(link);
  }

  /**
   * The same with scheme and host, for who reads the page elsewhere.
   * @param {string} url
   */
  absolute(url) {
    const ordinary = this.navigate(url);
    if (!ordinary?.startsWith("/")) return ordinary;
    const host = this.form === "own" ? `${this.project}.${this.base}` : this.base;
    return `${this.scheme}://${host}${ordinary}`;
  }

  /** @param {CrowdLink} link */
  #ordinary(link) {
    const { server, project } = link;
    const path = encodePath(link.path) + link.suffix;
    if (server && this.#elsewhere(link)) return `${serverBase(server)}/${project}/${path}`;
    if (this.form === "path") return `/${project}/${path}`;
    return project === this.project ? `/${path}` : `${this.scheme}://${project}.${this.base}/${path}`;
  }

  /**
   * True where the address names another discovery server. Without a port it means one of the usual ones.
   * @param {CrowdLink} link
   */
  #elsewhere({ server }) {
    if (!server) return false;
    const usual = [null, 80, 443, ORDINARY_PORT];
    return !this.known.some(({ host, port }) => {
      return host === server.host && (server.port ? port === server.port : usual.includes(port));
    });
  }
}

/**
 * @param {string} name
 * @param {number | null} otherwise the port of one that says none
 * @returns {Server | null}
 */
function readServer(name, otherwise) {
  try {
    const { host, port } = parseServer(name);
    return { host, port: port ?? otherwise };
  } catch {
    return null;
  }
}

/**
 * A cheap first look: most of a page has nothing to do with us.
 * @param {string} text
 */
export function mentionsCrowd(text) {
  return /crowd:/i.test(text);
}

/**
 * Reads a URL as a page has it. Null where it is no valid crowd address: then it stays as it is.
 * @param {string} url
 * @returns {CrowdLink | null}
 */
export function parseCrowdLink(url) {
  if (!mentionsCrowd(url)) return null;
  try {
    const link = parseAddress(url.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, ""));
    return { ...link, suffix: encodeSuffix(link.suffix) };
  } catch {
    return null;
  }
}

/**
 * Where a discovery server is on the ordinary web. Without a port that is https, but for this machine, which has no
 * certificate.
 * @param {Server} server
 */
export function serverBase(server) {
  const { host, port } = server;
  const local = host === "localhost" || host.startsWith("127.") || host === "::1";
  if (port && port !== 443) return `http://${serverText(server)}`;
  if (!port && local) return `http://${serverText({ host, port: ORDINARY_PORT })}`;
  return `https://${serverText({ host, port: null })}`;
}

/**
 * Query and fragment as they can stand in HTML, CSS and a `srcset`. `%` stays: the text is encoded already.
 * @param {string} suffix
 */
function encodeSuffix(suffix) {
  let encoded = "";
  for (const byte of new TextEncoder().encode(suffix)) {
    const character = String.fromCharCode(byte);
    const plain = byte > 0x20 && byte < 0x7f && !`"'(),<>\\`.includes(character);
    encoded += plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
