// Why a publication failed, in words that help whoever publishes.

import { CrowdError } from "../protocol/crowd_error.js";

/** Codes of the node and the store, in words that help. @type {Record<string, string>} */
const PUBLISH_FAILURES = {
  name_taken: "The name belongs to another key. Choose another name, or import the key that owns it.",
  not_allowed:
    "This node does not let everybody publish. Ask its operator, or publish with the command and a token.",
  stale_version: "Somebody else has just published this site with your key. Try again.",
  blocked: "The operator of this node does not carry this name.",
  too_large: "The list of its files is too large: a site has at most 15,000 chunks and 1 MiB of names.",
  full: "There is no room for it: this browser gives the page no more storage. Publish less, or remove what you don’t need.",
  unsupported: "This browser can’t make signatures of the kind that is needed (Ed25519).",
  network:
    "The node can’t be reached. What was hashed is kept: try again when the line above says connected.",
  timeout: "The node did not answer in time. What was hashed is kept: try again.",
  stopped: "Stopped. Nothing was published.",
};

/** @param {unknown} error */
export function sayFailure(error) {
  if (error instanceof CrowdError) return PUBLISH_FAILURES[error.code] ?? notPublished(error.message);
  return notPublished(error instanceof Error ? error.message : String(error));
}

/** @param {string} text */
function notPublished(text) {
  const end = /[.!?]$/.test(text) ? "" : ".";
  return `Not published: ${text}${end}`;
}
