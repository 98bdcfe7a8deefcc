// The answer to a request for one file of a version: its own bytes or a part of them, streamed. Pages and style sheets
// with crowd links are made elsewhere.

import { CrowdError } from "../protocol/crowd_error.js";
import { parseRange } from "./byte_range.js";
import { entityTag } from "./entity_tag.js";
import { FilePieces } from "./file_pieces.js";
import { refuse } from "./refusal.js";

/** @typedef {import("./file_pieces.js").Content} Content */

/**
 * The headers of everything that is a project's.
 * @param {Content} content
 */
export function contentHeaders({ file, version }) {
  return new Headers({
    "Content-Type": file.type || "application/octet-stream",
    "X-Content-Type-Options": "nosniff",
    "Origin-Agent-Cluster": "?1",
    "X-Crowd-Version": String(version),
    "Access-Control-Allow-Origin": "*",
    "Cache-Control": "no-cache",
  });
}

/**
 * Answers GET and HEAD, with `Range`. The first piece is here before the head is given, so that what can't be had has
 * its status; rejects with a CrowdError then.
 * @param {Request} request
 * @param {Content} content
 * @param {200 | 404} status 404 where the file stands in for what is missing
 * @returns {Promise<Response>}
 */
export async function answerFile(request, content, status) {
  const { size } = content.file;
  const head = request.method === "HEAD";
  const headers = contentHeaders(content);
  /** @type {import("./byte_range.js").ByteRange | "whole" | "unsatisfiable"} */
  let range = "whole";
  // What stands in for a missing file is no representation of it: no tag, no ranges.
  if (status === 200) {
    const tag = await entityTag(content.file);
    headers.set("ETag", tag);
    headers.set("Accept-Ranges", "bytes");
    const ifRange = request.headers.get("If-Range");
    const applies = !head && (ifRange === null || ifRange.trim() === tag);
    if (applies) range = parseRange(request.headers.get("Range"), size);
  }
  if (range === "unsatisfiable") {
    const error = new CrowdError("range_not_satisfiable", "the range lies past the end of the file");
    return refuse(error, { more: { "Content-Range": `bytes */${size}` } });
  }
  const { start, end } = range === "whole" ? { start: 0, end: size } : range;
  if (range !== "whole") headers.set("Content-Range", `bytes ${start}-${end - 1}/${size}`);
  headers.set("Content-Length", String(end - start));
  const options = { status: range === "whole" ? status : 206, headers };
  if (head || start === end) return new Response(null, options);
  const pieces = new FilePieces(content, start, end);
  await pieces.begin();
  return new Response(pieces.stream(), options);
}
