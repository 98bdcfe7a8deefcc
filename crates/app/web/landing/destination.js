// Where somebody wants to go who types a project's name, a crowd address or this node's own address of a project. Pure;
// what is wrong comes back as a sentence for whoever typed it.

import { parseAddress, serverText } from "../protocol/address.js";
import { CrowdError } from "../protocol/crowd_error.js";
import { isProjectName } from "../protocol/name.js";
import { encodePath } from "../protocol/path.js";

/**
 * What the page knows of its own address.
 * @typedef {{ protocol: string, host: string, hostname: string, port: string }} Here
 */
/** @typedef {import("../protocol/address.js").Server} Server */
/**
 * `server` is null for this node; `path` is ready to stand in a URL, with what follows it.
 * @typedef {{ project: string, path: string, server: Server | null }} Destination
 */

/**
 * @param {string} typed
 * @param {Here} here
 * @param {string} [domain] that projects have their origins under, without the port
 * @returns {Destination | { problem: string }}
 */
export function destinationOf(typed, here, domain = "") {
  const text = typed.trim();
  if (!text) return { problem: "Type the name of a project first." };
  const crowd = asCrowdAddress(text, here, domain);
  if (crowd === null)
    return { problem: "That is a web address elsewhere. Open it from your browser’s address bar." };
  if (crowd === "") return { problem: "An address of the crowd begins with crowd://" };
  if (projectMissing(crowd)) {
    return { problem: "That address names a server but no project. Add one after the slash." };
  }
  try {
    const { server, project, path, suffix } = parseAddress(crowd);
    const elsewhere = server && !isHere(server, here) ? server : null;
    return { project, path: `${encodePath(path)}${suffix}`, server: elsewhere };
  } catch (error) {
    return { problem: whyNot(error) };
  }
}

/**
 * The URL of a destination, as this page leads there.
 * @param {Destination} to
 */
export function destinationUrl(to) {
  const place = `/${to.project}/${to.path}`;
  if (!to.server) return place;
  const { host, port } = to.server;
  const local = host === "localhost" || host.startsWith("127.") || host === "::1";
  if (port === null && local) return `http://${serverText({ host, port: 7000 })}${place}`;
  return `${local || port === 7000 ? "http" : "https"}://${serverText(to.server)}${place}`;
}

/**
 * What was typed as `crowd://…`; null for a web page elsewhere, empty for another scheme.
 * @param {string} text
 * @param {Here} here
 * @param {string} domain
 */
function asCrowdAddress(text, here, domain) {
  const at = text.indexOf("://");
  const scheme = at < 0 ? "" : text.slice(0, at).toLowerCase();
  const rest = at < 0 ? text : text.slice(at + 3);
  if (scheme === "" || scheme === "crowd") return `crowd://${withLowerNames(rest)}`;
  if (scheme !== "http" && scheme !== "https") return "";
  const end = endOfAuthority(rest);
  const authority = rest.slice(0, end).toLowerCase();
  const path = rest.slice(end).replace(/^\//, "");
  if (authority === here.host) return `crowd://${withLowerNames(path)}`;
  const [hostname, port = ""] = authority.split(":");
  const project = domain && hostname.endsWith(`.${domain}`) ? hostname.slice(0, -domain.length - 1) : "";
  return isProjectName(project) && port === here.port ? `crowd://${project}/${path}` : null;
}

/**
 * Names are lower case in addresses, and people type as they like; paths stay as they are.
 * @param {string} rest
 */
function withLowerNames(rest) {
  const end = endOfAuthority(rest);
  const authority = rest.slice(0, end).toLowerCase();
  const after = rest.slice(end);
  if (!namesServer(authority) || !after.startsWith("/")) return authority + after;
  const project = after.slice(1, 1 + endOfAuthority(after.slice(1)));
  return `${authority}/${project.toLowerCase()}${after.slice(1 + project.length)}`;
}

/** @param {string} text */
function endOfAuthority(text) {
  const end = text.search(/[/?#]/);
  return end < 0 ? text.length : end;
}

/** @param {string} authority */
function namesServer(authority) {
  return authority.includes(".") || authority.includes(":") || authority === "localhost";
}

/** @param {string} crowd */
function projectMissing(crowd) {
  const rest = crowd.slice("crowd://".length);
  const end = endOfAuthority(rest);
  return namesServer(rest.slice(0, end)) && endOfAuthority(rest.slice(end + 1)) === 0;
}

/**
 * True where an address names the node that served this page.
 * @param {Server} server
 * @param {Here} here
 */
function isHere(server, here) {
  if (serverText({ host: server.host, port: null }) !== here.hostname) return false;
  // Without a port an address means 443, and where that is refused 7000.
  if (server.port === null) return here.port === "" || here.port === "7000";
  return String(server.port) === (here.port || (here.protocol === "https:" ? "443" : "80"));
}

/** @param {unknown} error */
function whyNot(error) {
  if (error instanceof CrowdError && error.code === "bad_name") {
    return "A project’s name has only the letters a to z, digits and hyphens, and at most 63 of them.";
  }
  return "That address has a part which no file can have.";
}
