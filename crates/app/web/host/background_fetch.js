// Brings chunks into the store behind the visitor's back, a few at a time, and stops when it may not go on. Used by
// HostedProject for updates and for "keep all of it". What is missing is known by the store, so a restart resumes.

/** @typedef {import("../protocol/crowd_error.js").CrowdError} CrowdError */

/** Fewer than a visit may use, so that the visit comes first. */
const BACKGROUND_LANES = 3;
/** Chunks in a row that can't be had: then the rest isn't asked for either, until something changes. */
const PATIENCE = 8;
/** With these no other chunk will fare better. */
const HOPELESS = ["full", "network", "unknown_project", "blocked", "rate_limited"];

/**
 * @param {object} job
 * @param {string[]} job.hashes
 * @param {{chunk(hash: string): Promise<Uint8Array>}} job.source stores what it verified
 * @param {() => boolean} job.mayGoOn
 * @param {(hash: string) => void} job.onChunk
 * @returns {Promise<{left: number, error: CrowdError | null}>} how many aren't here, and the last reason
 */
export async function fetchInBackground({ hashes, source, mayGoOn, onChunk }) {
  let next = 0;
  let left = hashes.length;
  let failures = 0;
  /** @type {CrowdError | null} */
  let error = null;
  const lane = async () => {
    while (next < hashes.length && failures < PATIENCE && mayGoOn()) {
      const hash = hashes[next];
      next += 1;
      try {
        await source.chunk(hash);
        left -= 1;
        failures = 0;
        onChunk(hash);
      } catch (thrown) {
        error = /** @type {CrowdError} */ (thrown);
        failures += HOPELESS.includes(error.code) ? PATIENCE : 1;
      }
    }
  };
  await Promise.all(Array.from({ length: BACKGROUND_LANES }, lane));
  return { left, error };
}
