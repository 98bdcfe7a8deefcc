// The dedicated worker of the landing page: cuts files into chunks, hashes and stores them, and tells how far it is. It
// takes one order, and what it stored for an order that fails or is stopped it takes away again.

import { asCrowdError } from "./protocol/crowd_error.js";
import { openStore } from "./store/database.js";
import { Cutter } from "./landing/cutter.js";

/**
 * @typedef {{ t: "cut", files: { path: string, blob: Blob }[], chunkSize: number, site: string } | { t: "stop" }} Order
 */

const stopping = new AbortController();

/** @param {Extract<Order, { t: "cut" }>} order */
async function obey({ files, chunkSize, site }) {
  const { chunks } = openStore();
  const shelf = {
    has: (/** @type {string[]} */ hashes) => chunks.hasAll(hashes),
    put: (/** @type {string} */ hash, /** @type {Uint8Array<ArrayBuffer>} */ bytes) =>
      chunks.put(hash, bytes, { protect: site }),
  };
  const cutter = new Cutter({
    shelf,
    chunkSize,
    onProgress: (progress) => postMessage({ t: "progress", ...progress }),
    signal: stopping.signal,
  });
  try {
    postMessage({ t: "done", files: await cutter.cut(files) });
  } catch (error) {
    await chunks.delete(cutter.added).catch(() => undefined);
    const { code, message } = asCrowdError(error);
    const isPlain = error instanceof Error && error.constructor === Error;
    postMessage({
      t: "failed",
      code,
      message: isPlain ? error.message : message,
      stopped: stopping.signal.aborted,
    });
  }
}

self.addEventListener("message", (/** @type {MessageEvent<Order>} */ event) => {
  if (event.data.t === "stop") stopping.abort();
  else void obey(event.data);
});
