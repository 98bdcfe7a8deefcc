// How many bytes of chunks are stored: one counter that is kept in the same transaction as the chunks themselves, so
// that nobody has to count them all. What was tampered with is counted anew.

import { resultOf } from "./connection.js";
import { CHUNK_SIZES } from "./layout.js";

const STORED_BYTES_KEY = "stored";

/** The object stores that a transaction needs to change the counter. */
export const COUNTED_STORES = ["chunks", "counters"];

/**
 * @param {unknown} size
 * @returns {size is number}
 */
function isByteCount(size) {
  return typeof size === "number" && Number.isSafeInteger(size) && size >= 0;
}

/**
 * Every chunk's size and age, by its hash, without reading its bytes.
 *
 * @param {IDBTransaction} transaction
 * @returns {Promise<Map<string, {size: number, at: number}>>}
 */
export async function measureChunks(transaction) {
  const measured = new Map();
  const request = transaction.objectStore("chunks").index(CHUNK_SIZES).openKeyCursor();
  for (let cursor = await resultOf(request); cursor !== null; cursor = await resultOf(request)) {
    /** @type {any} */
    const key = cursor.key;
    const [size, at] = key;
    if (isByteCount(size))
      measured.set(cursor.primaryKey, {
        size,
        at: typeof at === "number" ? at : 0,
      });
    cursor.continue();
  }
  return measured;
}

/**
 * @param {IDBTransaction} transaction
 * @returns {Promise<number>}
 */
export async function storedBytes(transaction) {
  const counter = await resultOf(transaction.objectStore("counters").get(STORED_BYTES_KEY));
  if (isByteCount(counter)) return counter;
  return counter === undefined && (await resultOf(transaction.objectStore("chunks").count())) === 0
    ? 0
    : sumOf(await measureChunks(transaction));
}

/** @param {Map<string, {size: number, at: number}>} measured */
export function sumOf(measured) {
  let sum = 0;
  for (const { size } of measured.values()) sum += size;
  return sum;
}

/**
 * @param {IDBTransaction} transaction
 * @param {number} bytes
 */
export function setStoredBytes(transaction, bytes) {
  transaction.objectStore("counters").put(Math.max(0, bytes), STORED_BYTES_KEY);
}
