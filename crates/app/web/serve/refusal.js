// Answers that are no content: a status and one line of text, as the gateway gives them, so that `error` events fire and
// scripts can read why.

import { asCrowdError } from "../protocol/crowd_error.js";

/** @typedef {import("../protocol/crowd_error.js").CrowdError} CrowdError */

/** Statuses of codes; of all others it is 502, since they say that what came is wrong. @type {Record<string, number>} */
const STATUS_OF_CODE = {
  bad_message: 400,
  bad_name: 400,
  bad_path: 400,
  not_allowed: 403,
  unknown_project: 404,
  not_found: 404,
  name_taken: 409,
  stale_version: 409,
  owner_changed: 409,
  range_not_satisfiable: 416,
  blocked: 451,
  internal: 500,
  unsupported: 501,
  waiting: 503,
  no_peer: 503,
  not_here: 503,
  rate_limited: 503,
  full: 507,
  timeout: 504,
  network: 504,
};
/** Seconds after which it is worth another try. */
const RETRY_SECONDS = 5;

/**
 * The HTTP status that a code comes to.
 * @param {string} code
 */
export function statusOfCode(code) {
  return STATUS_OF_CODE[code] ?? 502;
}

/**
 * The headers that go with an error, whatever its body.
 * @param {CrowdError} error
 * @param {string} type
 */
export function refusalHeaders(error, type) {
  const headers = new Headers({
    "Content-Type": type,
    "Cache-Control": "no-store",
    "Access-Control-Allow-Origin": "*",
    "X-Content-Type-Options": "nosniff",
    "Origin-Agent-Cluster": "?1",
  });
  if (error.trace) headers.set("X-Crowd-Trace", error.trace);
  if (statusOfCode(error.code) === 503) {
    const seconds = Math.ceil((error.retryAfterMs ?? 0) / 1_000);
    headers.set("Retry-After", String(seconds || RETRY_SECONDS));
  }
  return headers;
}

/**
 * One line of text about what went wrong.
 * @param {unknown} thrown
 * @param {{head?: boolean, more?: Record<string, string>}} [options] head: without its body; more: further headers
 */
export function refuse(thrown, { head = false, more = {} } = {}) {
  const error = asCrowdError(thrown);
  const headers = refusalHeaders(error, "text/plain; charset=utf-8");
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
  const line = `${error.code}: ${error.message.replace(/\p{Cc}/gu, " ")}\n`;
  return new Response(head ? null : line, { status: statusOfCode(error.code), headers });
}
