// Asks the node for a project's newest release, and believes only a signature.

import { askNode } from "../net/node_answer.js";
import { CrowdError } from "../protocol/crowd_error.js";
import { parseRelease, verifyRelease } from "../protocol/release.js";

/** A release is some 350 bytes. */
const MOST_RELEASE_BYTES = 4096;
/** Somebody waits for this one. */
const RELEASE_PATIENCE_MS = 10_000;

/**
 * Throws what the node refuses with; network or timeout where it gives no answer.
 * @param {string} project
 * @returns {Promise<import("../protocol/release.js").Release | null>} null where the name has none
 */
export async function newestRelease(project) {
  const signal = AbortSignal.timeout(RELEASE_PATIENCE_MS);
  let text;
  try {
    const url = `/.crowd/v1/${project}/release`;
    const { bytes } = await askNode(url, { limit: MOST_RELEASE_BYTES, signal, cache: "no-cache" });
    text = new TextDecoder().decode(bytes);
  } catch (error) {
    if (error instanceof CrowdError && error.code === "unknown_project") return null;
    throw error;
  }
  const release = parseRelease(text);
  if (release.project !== project)
    throw new CrowdError("bad_message", "the node answered for another project");
  await verifyRelease(release);
  return release;
}
