// One HTTP request to one node: its answer within limits of size and time, or a CrowdError that says whether the node
// failed or has answered with no. Used by Source alone.

import { CrowdError, isWireCode } from "../protocol/crowd_error.js";

/** Without another byte for so long, a node is given up. */
const SILENCE_MS = 12_000;

/** However slowly its bytes drip, so long and no longer. */
const WHOLE_ANSWER_MS = 60_000;

const LONGEST_REFUSAL = 4_096;

/** Codes that are the cluster's answer, which another of its nodes would give too. */
const FINAL_CODES = [
  "bad_message",
  "bad_name",
  "bad_path",
  "unknown_project",
  "not_found",
  "not_allowed",
  "no_peer",
  "blocked",
];

/** @typedef {{bytes: Uint8Array<ArrayBuffer>, headers: Headers}} NodeAnswer */

/**
 * @typedef {object} AskOptions
 * @property {number} limit bytes of the answer at most
 * @property {AbortSignal} signal given up by the caller
 * @property {Record<string, string>} [headers]
 * @property {RequestCache} [cache]
 * @property {() => void} [onHead] the node has begun to answer
 * @property {typeof globalThis.fetch} [fetch]
 */

/** What a node itself answers in the place of bytes. */
export class NodeRefusal extends CrowdError {
  /** Whether it is an answer of the cluster, and no failure of this node. */
  get isFinal() {
    return FINAL_CODES.includes(this.code);
  }
}

/**
 * The bytes of a body, as long as they are no more than `limit`.
 *
 * @param {Response} response
 * @param {number} limit
 * @param {() => void} onBytes
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function readBounded(response, limit, onBytes) {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  /** @type {Uint8Array[]} */
  const pieces = [];
  let length = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      onBytes();
      length += next.value.length;
      if (length > limit) throw new CrowdError("too_large", `the answer has more than ${limit} bytes`);
      pieces.push(next.value);
    }
  } finally {
    // Without effect where all was read.
    reader.cancel().catch(() => {});
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * What a refusal says: a line `code: message`. Whoever says something else is no node, and has failed as one.
 *
 * @param {Response} response
 * @param {() => void} onBytes
 */
async function refusalOf(response, onBytes) {
  const text = new TextDecoder().decode(await readBounded(response, LONGEST_REFUSAL, onBytes));
  const [code, ...message] = text.trim().split(": ");
  const trace = traceOf(response.headers);
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  const retryAfterMs = seconds >= 0 && seconds <= 3_600 ? seconds * 1_000 : undefined;
  if (isWireCode(code)) return new NodeRefusal(code, message.join(": "), { trace, retryAfterMs });
  return new CrowdError("network", `it answered with status ${response.status}`, { trace });
}

/** @param {Headers} headers */
function traceOf(headers) {
  const trace = headers.get("x-crowd-trace");
  return trace !== null && /^[0-9a-f]{32}$/.test(trace) ? trace : undefined;
}

/**
 * Asks a node. Throws CrowdError: network where no answer came, or not in time, too_large, or the code that the node
 * answers with.
 *
 * @param {string} url
 * @param {AskOptions} options
 * @returns {Promise<NodeAnswer>}
 */
export async function askNode(url, { limit, signal, headers, cache, onHead, fetch = globalThis.fetch }) {
  const giveUp = new AbortController();
  const tooSlow = () => giveUp.abort(new CrowdError("network", "the node did not answer in time"));
  const whole = setTimeout(tooSlow, WHOLE_ANSWER_MS);
  let silence = setTimeout(tooSlow, SILENCE_MS);
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(tooSlow, SILENCE_MS);
  };
  const leave = () => giveUp.abort(signal.reason);
  signal.addEventListener("abort", leave);
  try {
    signal.throwIfAborted();
    const request = {
      headers,
      cache,
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal: giveUp.signal,
    };
    const response = await fetch(url, /** @type {RequestInit} */ (request));
    heard();
    if (!response.ok) throw await refusalOf(response, heard);
    onHead?.();
    return {
      bytes: await readBounded(response, limit, heard),
      headers: response.headers,
    };
  } catch (error) {
    if (error instanceof CrowdError) throw error;
    const reason = giveUp.signal.reason;
    if (reason instanceof CrowdError) throw reason;
    throw new CrowdError("network", "the node could not be reached", {
      cause: error,
    });
  } finally {
    clearTimeout(whole);
    clearTimeout(silence);
    signal.removeEventListener("abort", leave);
    giveUp.abort();
  }
}
