// Where a page of a project is: of which project and version, at the project's own origin or under the node's, framed or
// not. Read once by boot from the tag that carries it and from the browser. Pure.

import { isProjectName } from "../protocol/name.js";

/**
 * @typedef {object} PagePlace
 * @property {string} project
 * @property {number | null} version
 * @property {"own" | "path"} form `own`: the project has an origin of its own; `path`: it lies under `/{project}/`
 * @property {string} base host and port under which projects have their origins
 * @property {string} scheme `http` or `https`
 * @property {boolean} mayVisit whether worker and host may run here: never in a frame, nor without an origin that is the
 *   project's alone
 */

/**
 * @param {object} facts
 * @param {{project?: string, version?: string}} facts.tag its `data-` attributes
 * @param {{hostname: string, host: string, protocol: string}} facts.location
 * @param {string} facts.origin of the window: "null" where it is sandboxed
 * @param {boolean} facts.framed
 * @param {boolean} facts.secure
 * @returns {PagePlace | null} null where the tag is none of ours
 */
export function findPagePlace({ tag, location, origin, framed, secure }) {
  const { project = "" } = tag;
  if (!isProjectName(project)) return null;
  const version = /^[1-9][0-9]{0,15}$/.test(tag.version ?? "") ? Number(tag.version) : null;
  const own = origin !== "null" && location.hostname.startsWith(`${project}.`);
  return {
    project,
    version: Number.isSafeInteger(version) ? version : null,
    form: own ? "own" : "path",
    base: own ? location.host.slice(project.length + 1) : location.host,
    scheme: location.protocol === "https:" ? "https" : "http",
    mayVisit: own && secure && !framed,
  };
}
