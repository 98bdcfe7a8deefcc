// The one error of the app: a code for programs and a message for a person. Thrown by everything in protocol/, store/
// and net/. The codes are those of PROTOCOL.md section 5 and the app's own: network (no answer came), wrong_bytes (an
// answer of another hash), full (no room to keep it), owner_changed, unsupported (this browser can't do it).

/** @typedef {{node: string, code: string}} AskedNode one node that was asked, and what came of it */

/** @typedef {{retryAfterMs?: number, trace?: string, asked?: AskedNode[], cause?: unknown}} ErrorDetails */

const LONGEST_ERROR_MESSAGE = 1024;

const WIRE_ERROR_CODES = [
  "bad_message",
  "bad_name",
  "bad_path",
  "bad_manifest",
  "bad_signature",
  "unknown_project",
  "not_found",
  "name_taken",
  "not_allowed",
  "stale_version",
  "no_peer",
  "not_here",
  "timeout",
  "too_large",
  "rate_limited",
  "blocked",
  "internal",
];

export class CrowdError extends Error {
  /**
   * @param {string} code
   * @param {string} message for a person; what is over 1,024 characters is cut off
   * @param {ErrorDetails} [details]
   */
  constructor(code, message, details = {}) {
    super(message.slice(0, LONGEST_ERROR_MESSAGE), { cause: details.cause });
    this.name = "CrowdError";
    this.code = code;
    /** @type {number | undefined} how long to wait before another try */
    this.retryAfterMs = details.retryAfterMs;
    /** @type {string | undefined} the id of the trace in which it happened, 32 hex digits */
    this.trace = details.trace;
    /** @type {AskedNode[] | undefined} the nodes that were asked, in order */
    this.asked = details.asked;
  }
}

/**
 * True for a code that PROTOCOL.md section 5 lists.
 *
 * @param {unknown} code
 * @returns {code is string}
 */
export function isWireCode(code) {
  return typeof code === "string" && WIRE_ERROR_CODES.includes(code);
}

/**
 * Whatever was thrown, as a CrowdError: as it is where it is one, else of `code`.
 *
 * @param {unknown} thrown
 * @param {string} [code]
 * @returns {CrowdError}
 */
export function asCrowdError(thrown, code = "internal") {
  if (thrown instanceof CrowdError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new CrowdError(code, message, { cause: thrown });
}
