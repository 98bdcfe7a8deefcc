// The `Range` header: one range of bytes, or the whole, by RFC 9110. What is malformed is ignored.

/** @typedef {{start: number, end: number}} ByteRange `end` is after the last byte */

/**
 * Reads the value of a `Range` for a file of `size` bytes.
 * @param {string | null} value
 * @param {number} size
 * @returns {ByteRange | "whole" | "unsatisfiable"} a range is never empty
 */
export function parseRange(value, size) {
  const match = /^\s*bytes\s*=\s*(\d*)-(\d*)\s*$/i.exec(value ?? "");
  if (!match || (!match[1] && !match[2])) return "whole";
  const first = match[1] ? Number(match[1]) : null;
  const last = match[2] ? Number(match[2]) : null;
  if (first !== null && last !== null && first > last) return "whole";
  const start = first ?? Math.max(0, size - (last ?? 0));
  const end = first === null || last === null ? size : Math.min(size, last + 1);
  return start < end ? { start, end } : "unsatisfiable";
}
