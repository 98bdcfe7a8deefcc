// What a request's path comes to in a version, for whom it is meant: nothing that is embedded gets a page in its place.

import { CrowdError } from "../protocol/crowd_error.js";
import { decodePath } from "../protocol/path.js";

/** @typedef {import("../protocol/manifest.js").Manifest} Manifest */
/** @typedef {import("../protocol/manifest.js").ManifestFile} ManifestFile */

/**
 * The request path of a URL whose path starts with `prefix`. Throws bad_path.
 * @param {URL} url
 * @param {string} [prefix]
 */
export function requestPathOf(url, prefix = "/") {
  return decodePath(url.pathname.slice(prefix.length));
}

/**
 * @param {Manifest} manifest
 * @param {string} path
 * @param {Request} request
 * @returns {{file: ManifestFile, status: 200 | 404, redirect: boolean}} throws not_found
 */
export function findFile(manifest, path, request) {
  const found = manifest.find(path);
  // A page that opens, and a script that fetches, get what stands in; an image, a script or a font fails instead.
  const embedded = request.mode !== "navigate" && request.destination !== "";
  if (!found || (embedded && isStandIn(manifest, path, found.file))) {
    throw new CrowdError("not_found", "the project has no such file");
  }
  return found;
}

/**
 * True where `file` is shown in the place of what is missing.
 * @param {Manifest} manifest
 * @param {string} path
 * @param {ManifestFile} file
 */
export function isStandIn({ index }, path, file) {
  const folder = path === "" || path.endsWith("/") ? path : `${path}/`;
  return file.path !== path && file.path !== folder + index;
}

/**
 * To a folder's own address, where its relative links hold.
 * @param {URL} url
 */
export function redirectToFolder(url) {
  const location = `${url.origin}${url.pathname}/${url.search}`;
  return new Response(null, { status: 308, headers: { Location: location, "Cache-Control": "no-cache" } });
}
