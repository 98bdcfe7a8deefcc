// The answer to a page that asks for a style sheet: with its crowd links made ordinary, or the file as it is.

import { rewriteCss } from "../links/css_links.js";
import { contentHeaders } from "./file_answer.js";
import { FilePieces } from "./file_pieces.js";
import { utf8Text } from "./media_kind.js";

/** @typedef {import("./file_pieces.js").Content} Content */

/** Bytes of a sheet that are looked into; a longer one stays as it is. */
const MAX_SHEET = 2 << 20;

/**
 * True where the sheet may have to be changed: one whose hash the page has pinned is only good as it is.
 * @param {Request} request
 * @param {Content} content
 */
export function mayRewriteSheet(request, { file }) {
  return request.destination === "style" && request.integrity === "" && file.size <= MAX_SHEET;
}

/**
 * The sheet with ordinary links; null where it has no crowd links, or is in another encoding.
 * @param {Content} content
 * @param {(url: string) => string | null} convert
 * @returns {Promise<Response | null>}
 */
export async function answerSheet(content, convert) {
  const bytes = await new FilePieces(content).takeAll();
  const css = utf8Text(bytes, { keepMark: true });
  const changed = css?.toLowerCase().includes("crowd:") ? rewriteCss(css, convert) : null;
  return changed === null ? null : new Response(changed, { headers: contentHeaders(content) });
}
