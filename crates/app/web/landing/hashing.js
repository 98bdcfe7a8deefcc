// The landing page's side of the hasher: starts one for each site that is published, and stops it.

import { CrowdError } from "../protocol/crowd_error.js";

/**
 * @typedef {import("./cutter.js").CutFile} CutFile
 * @typedef {import("./cutter.js").CutProgress} CutProgress
 */

/**
 * Cuts, hashes and stores files. Throws the signal's reason where it is stopped, and CrowdError where it fails.
 * @param {object} parts
 * @param {{ path: string, blob: Blob }[]} parts.files
 * @param {number} parts.chunkSize
 * @param {string} parts.site the store's id of the project
 * @param {(progress: CutProgress) => void} parts.onProgress
 * @param {AbortSignal} parts.signal
 * @returns {Promise<CutFile[]>}
 */
export async function hashFiles({ files, chunkSize, site, onProgress, signal }) {
  signal.throwIfAborted();
  const hasher = new Worker("/.crowd/hasher.js", { type: "module", name: "crowd-hasher" });
  const stop = () => hasher.postMessage({ t: "stop" });
  signal.addEventListener("abort", stop);
  try {
    return await new Promise((resolve, reject) => {
      hasher.addEventListener("message", ({ data }) => {
        if (data.t === "progress") onProgress({ bytes: data.bytes, files: data.files, path: data.path });
        else if (data.t === "done") resolve(data.files);
        else if (data.stopped) reject(signal.reason);
        else reject(new CrowdError(data.code, data.message));
      });
      hasher.addEventListener("error", () => {
        reject(new CrowdError("internal", "the part of the page that hashes files did not start"));
      });
      hasher.postMessage({ t: "cut", files, chunkSize, site });
    });
  } finally {
    signal.removeEventListener("abort", stop);
    hasher.terminate();
  }
}
