// W3C trace context: the traceparent that a request may carry.

import { toHex } from "./hex.js";

/** @typedef {{header: string, traceId: string, spanId: string, flags: number}} Traceparent ids in lower-case hex */

/**
 * The start of a new trace, sampled.
 *
 * @returns {Traceparent}
 */
export function newTraceparent() {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  // Neither id may be all zero.
  bytes[0] |= 1;
  bytes[16] |= 1;
  const [traceId, spanId] = [toHex(bytes.subarray(0, 16)), toHex(bytes.subarray(16))];
  return { header: `00-${traceId}-${spanId}-01`, traceId, spanId, flags: 1 };
}

/**
 * Reads VERSION-TRACE-SPAN-FLAGS; null where it is anything else, since a bad context is no reason to fail.
 *
 * @param {unknown} text
 * @returns {Traceparent | null} with its header as it is passed on
 */
export function parseTraceparent(text) {
  if (typeof text !== "string") return null;
  const parts = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/s.exec(text);
  if (parts === null) return null;
  const [, version, traceId, spanId, flags, later] = parts;
  const known = version !== "ff" && (version !== "00" || later === undefined);
  if (!known || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return {
    header: `00-${traceId}-${spanId}-${flags}`,
    traceId,
    spanId,
    flags: Number.parseInt(flags, 16),
  };
}
