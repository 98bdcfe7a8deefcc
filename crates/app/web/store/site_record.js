// The record of a site: what is believed of it when it is read, and which release may follow. Used by SiteStore.

import { fromBase64url } from "../protocol/base64url.js";
import { CrowdError } from "../protocol/crowd_error.js";
import { isProjectName } from "../protocol/name.js";
import { isVersion } from "../protocol/release.js";

/** @typedef {import("../protocol/release.js").Release} Release */

/**
 * @typedef {object} Site
 * @property {string} id
 * @property {string} project
 * @property {string} owner base64url
 * @property {number} newest the highest version that was accepted; 0 before the first
 * @property {number} active the version that is shown; 0 before the first
 * @property {"seen" | "all"} kept what is kept of it
 * @property {number} usedAt ms since the epoch
 */

/**
 * True for the base64url of 32 bytes.
 *
 * @param {unknown} text
 * @returns {boolean}
 */
export function isOwner(text) {
  try {
    return typeof text === "string" && fromBase64url(text).length === 32;
  } catch {
    return false;
  }
}

/**
 * Whether `project` is the one that `id` names.
 *
 * @param {string} id
 * @param {unknown} project
 * @returns {boolean}
 */
export function isOfSite(id, project) {
  return isProjectName(project) && (id === "" || id.slice(id.lastIndexOf("/") + 1) === project);
}

/**
 * @param {string} id
 * @param {any} record
 * @returns {Site | undefined} undefined for what is no record of a site
 */
export function siteOf(id, record) {
  if (typeof record !== "object" || record === null) return undefined;
  const { project, owner, newest, active, kept, usedAt } = record;
  const sound =
    isOfSite(id, project) &&
    isOwner(owner) &&
    (newest === 0 || isVersion(newest)) &&
    (active === 0 || isVersion(active)) &&
    active <= newest;
  if (!sound) return undefined;
  return Object.freeze({
    id,
    project,
    owner,
    newest,
    active,
    kept: kept === "all" ? "all" : "seen",
    usedAt: Number.isFinite(usedAt) ? usedAt : 0,
  });
}

/**
 * Throws owner_changed or stale_version unless `release` may follow what is known.
 *
 * @param {Site | undefined} site as it is known
 * @param {Release} release
 */
export function checkSuccession(site, release) {
  if (site === undefined) return;
  if (release.project !== site.project) throw new CrowdError("bad_name", "this origin is of another project");
  if (release.owner !== site.owner) {
    throw new CrowdError("owner_changed", "another key has signed this release than those before");
  }
  if (release.version < site.newest) throw new CrowdError("stale_version", "a newer version is known");
}
