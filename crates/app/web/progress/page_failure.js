// What a failure means for the person who waits for a page: its heading, what happened, what can be done.

/**
 * @typedef {object} FailureWords
 * @property {string} title
 * @property {string} message
 * @property {string} hint
 * @property {boolean} passes it can end by itself, so that asking again makes sense
 * @property {"publish" | "manage" | "home"} [way] where to go from here
 */

/** @type {Record<string, [title: string, message: string, hint: string, passes?: boolean, way?: "publish" | "manage" | "home"]>} */
const FAILURES = {
  no_peer: [
    "Nobody is hosting this now",
    "Nobody who has this site is connected to this node or another of its cluster.",
    "Leave this page open: it goes on by itself as soon as a host appears.",
    true,
  ],
  unknown_project: [
    "Nothing is published under this name",
    "Check it for typing errors. Whoever publishes a name first owns it.",
    "",
    false,
    "publish",
  ],
  not_found: ["No such page", "The site is there, and has no file at this address.", "", false, "home"],
  blocked: [
    "Not carried here",
    "Whoever runs this node does not carry this site.",
    "Another cluster may carry it.",
  ],
  timeout: [
    "Its hosts don’t answer",
    "They were asked, and none answered in time.",
    "It is tried again.",
    true,
  ],
  owner_changed: [
    "Another owner signs this site now",
    "What this browser knows was signed with one key, and what it was offered now with another. Nothing of that was shown.",
    "Someone may have taken over the name, or its owner has a new key. You decide whom to believe.",
    false,
    "manage",
  ],
  stale_version: [
    "An older version was offered",
    "This browser knows a newer version of this site than the node does.",
    "The node may catch up. It is tried again.",
    true,
  ],
  rate_limited: ["Too much at once", "The node has no room for this right now.", "It is tried again.", true],
  network: ["The node can’t be reached", "No answer came back.", "It is tried again.", true],
  offline: [
    "You are offline",
    "This page is not among those that this browser has kept.",
    "Files of this site that you have seen still open.",
    true,
    "home",
  ],
  bad_signature: ["What came back was wrong", "Its signature does not hold. Nothing of it was shown.", ""],
  bad_manifest: [
    "What came back was wrong",
    "Its list of files can’t be read.",
    "Its owner may have to publish it again.",
  ],
  internal: [
    "Something went wrong",
    "The node has a fault.",
    "It is tried again. If it stays, tell whoever runs the node.",
    true,
  ],
  unsupported: ["This browser can’t check it", "It lacks what is needed to verify a site.", ""],
  full: ["There is no room left", "This browser gives this site no more storage.", "", false, "manage"],
};

/**
 * @param {string} code of the protocol or of the app
 * @returns {FailureWords | null} null for a code that needs no words of its own
 */
export function failureWords(code) {
  if (!Object.hasOwn(FAILURES, code)) return null;
  const [title, message, hint, passes = false, way] = FAILURES[code];
  return { title, message, hint, passes, way };
}
