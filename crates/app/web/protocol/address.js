// crowd:// addresses, of both forms: on the current discovery server, or on one that is named.

import { CrowdError } from "./crowd_error.js";
import { isProjectName } from "./name.js";
import { decodePath, encodePath } from "./path.js";

/** @typedef {{host: string, port: number | null}} Server host in lower case, IPv6 without its brackets */

/**
 * @typedef {object} Address
 * @property {Server | null} server null for the current discovery server
 * @property {string} project
 * @property {string} path decoded; empty or with a trailing slash for a folder
 * @property {string} suffix what stands from the first ? or # on, or nothing
 */

const CROWD_SCHEME = "crowd://";

/** @param {string} why */
function badAddress(why) {
  return new CrowdError("bad_path", why);
}

/**
 * The shortest form of an IPv6 address.
 *
 * @param {string} text
 */
function shortestIpv6(text) {
  if (!/^[0-9A-Fa-f:.]+$/.test(text) || !URL.canParse(`http://[${text}]/`)) {
    throw badAddress("not an IPv6 address");
  }
  const short = new URL(`http://[${text}]/`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(short);
  if (mapped === null) return short;
  const [high, low] = [Number.parseInt(mapped[1], 16), Number.parseInt(mapped[2], 16)];
  return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/**
 * Reads HOST, HOST:PORT, [V6] or [V6]:PORT. Throws bad_path.
 *
 * @param {string} text
 * @returns {Server}
 */
export function parseServer(text) {
  const parts = text.startsWith("[")
    ? /^\[([^\]]*)\](?::(.*))?$/s.exec(text)
    : /^([^:]*)(?::(.*))?$/s.exec(text);
  if (parts === null) throw badAddress("not a server");
  let host = parts[1];
  if (text.startsWith("[")) {
    host = shortestIpv6(host);
  } else if (host.length > 253 || !host.split(".").every((label) => /^[A-Za-z0-9_-]{1,63}$/.test(label))) {
    throw badAddress("not a host name");
  }
  if (parts[2] === undefined) return { host: host.toLowerCase(), port: null };
  const port = /^[0-9]+$/.test(parts[2]) ? Number(parts[2]) : 0;
  if (port < 1 || port > 65535) throw badAddress("a port is a number from 1 to 65535");
  return { host: host.toLowerCase(), port };
}

/**
 * The text that parseServer reads.
 *
 * @param {Server} server
 * @returns {string}
 */
export function serverText(server) {
  const host = server.host.includes(":") ? `[${server.host}]` : server.host;
  return server.port === null ? host : `${host}:${server.port}`;
}

/**
 * Reads crowd://PROJECT/PATH or crowd://SERVER/PROJECT/PATH. Throws bad_name and bad_path.
 *
 * @param {string} text
 * @returns {Address}
 */
export function parseAddress(text) {
  if (text.slice(0, CROWD_SCHEME.length).toLowerCase() !== CROWD_SCHEME) {
    throw badAddress("a crowd address starts with crowd://");
  }
  const end = text.search(/[?#]/);
  const suffix = end < 0 ? "" : text.slice(end);
  const parts = text.slice(CROWD_SCHEME.length, end < 0 ? undefined : end).split("/");
  const authority = parts[0];
  if (authority.includes("@")) throw badAddress("a crowd address carries no user or password");
  const named = /[.:]/.test(authority) || authority.toLowerCase() === "localhost";
  const server = named ? parseServer(authority) : null;
  const project = named ? (parts[1] ?? "") : authority;
  if (!isProjectName(project)) throw new CrowdError("bad_name", "that is no name of a project");
  return {
    server,
    project,
    path: decodePath(parts.slice(named ? 2 : 1).join("/")),
    suffix,
  };
}

/**
 * The address as it is written, without its suffix.
 *
 * @param {{server: Server | null, project: string, path: string}} address
 * @returns {string}
 */
export function addressText(address) {
  const server = address.server === null ? "" : `${serverText(address.server)}/`;
  return `${CROWD_SCHEME}${server}${address.project}/${encodePath(address.path)}`;
}
