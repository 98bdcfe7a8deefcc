// Paths of files within a project, as manifests list them (decoded) and as addresses and HTTP have them (encoded).

import { CrowdError } from "./crowd_error.js";
import { MAX_PATH } from "./limits.js";

// Beside controls and what is not ASCII: what would end a path, or be read as an escape; a comma ends one in data-src.
const ESCAPED_IN_PATHS = ' "#%,<>?`{}';

/** @param {string} why */
function badPath(why) {
  return new CrowdError("bad_path", why);
}

/**
 * @param {unknown} text
 * @param {boolean} folder whether it may be empty or end in a slash
 * @returns {string}
 */
function checkPath(text, folder) {
  if (typeof text !== "string" || !text.isWellFormed()) throw badPath("a path is text");
  if (text.length > MAX_PATH || new TextEncoder().encode(text).length > MAX_PATH) {
    throw badPath("a path has at most 1,024 bytes");
  }
  if (/[\\\u0000-\u001f\u007f-\u009f]/.test(text)) {
    throw badPath("a path has no backslash and no control character");
  }
  if (folder && text === "") return text;
  const named = folder && text.endsWith("/") ? text.slice(0, -1) : text;
  for (const segment of named.split("/")) {
    if (segment === "") throw badPath("a path is relative and has no empty segment");
    if (segment === "." || segment === "..") throw badPath("a path has no . or .. segment");
  }
  return text;
}

/**
 * The path of one file, decoded: relative, never empty, never a folder. Throws bad_path.
 *
 * @param {unknown} text
 * @returns {string} the same
 */
export function checkFilePath(text) {
  return checkPath(text, false);
}

/**
 * What someone asks for, decoded: a file, or a folder (empty, or with a trailing slash). Throws bad_path.
 *
 * @param {unknown} text
 * @returns {string} the same
 */
export function checkRequestPath(text) {
  return checkPath(text, true);
}

/**
 * Percent-decodes once and checks: a path as it stands in an address or in HTTP, without its leading slash, query and
 * fragment. A + stays a plus. Throws bad_path.
 *
 * @param {string} encoded
 * @returns {string} the request path
 */
export function decodePath(encoded) {
  let decoded;
  try {
    decoded = decodeURIComponent(encoded);
  } catch {
    throw badPath("a % is followed by two hex digits, and what they say is UTF-8");
  }
  return checkPath(decoded, true);
}

/**
 * The path as it stands in an address or in HTTP.
 *
 * @param {string} path decoded
 * @returns {string}
 */
export function encodePath(path) {
  let encoded = "";
  for (const byte of new TextEncoder().encode(path)) {
    const character = String.fromCharCode(byte);
    const plain = byte > 0x20 && byte < 0x7f && !ESCAPED_IN_PATHS.includes(character);
    encoded += plain ? character : `%${byte < 16 ? "0" : ""}${byte.toString(16).toUpperCase()}`;
  }
  return encoded;
}
