// The shape of a manifest's JSON: which fields it has, and of which types. Used by manifest.js alone.

import { CrowdError } from "./crowd_error.js";
import { isHash } from "./hash.js";

/**
 * True for what is written in braces.
 *
 * @param {unknown} value
 * @returns {boolean}
 */
function isJsonObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param {string} why */
function badShape(why) {
  return new CrowdError("bad_manifest", why);
}

/**
 * Throws bad_manifest unless all fields are there, each of its type. Their rules are the Manifest's to check.
 *
 * @param {any} json
 */
export function checkManifestShape(json) {
  if (!isJsonObject(json)) throw badShape("a manifest is an object");
  const { crowd, project, chunk_size, index, not_found, spa, files } = json;
  const numbers = Number.isSafeInteger(crowd) && Number.isSafeInteger(chunk_size);
  const texts = [project, index, not_found ?? ""].every((text) => typeof text === "string");
  if (!numbers || !texts || (spa !== undefined && typeof spa !== "boolean")) {
    throw badShape("a field is missing or of another type");
  }
  if (!Array.isArray(files)) throw badShape("files is a list");
  for (const file of files) {
    if (!isJsonObject(file) || typeof file.path !== "string" || typeof file.type !== "string") {
      throw badShape("a file has a path and a type");
    }
    if (!Number.isSafeInteger(file.size) || file.size < 0) throw badShape("a size is a whole number");
    if (!Array.isArray(file.chunks) || !file.chunks.every(isHash)) throw badShape("chunks are hashes");
  }
}
