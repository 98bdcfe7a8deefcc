// Decides whether this browser may upload, and if not, why not. Called by Host whenever one of the facts changes.
// Pure: it reads no settings and knows no connection.

/** @typedef {"on"|"off"|"ask"|"metered"|"budget"|"never"} HostingState */

/**
 * @typedef {object} HostingFacts
 * @property {"notice"|"ask"|"off"|"always"} policy the node's, or "always" where a person publishes
 * @property {"on"|"off"|null} choice the person's own, by a click
 * @property {boolean} metered a page says that bytes cost money here
 * @property {boolean} spent today's uploads are used up
 */

/**
 * @param {HostingFacts} facts
 * @returns {HostingState}
 */
export function decideHosting({ policy, choice, metered, spent }) {
  if (policy === "off") return "never";
  if (choice === "off") return "off";
  if (choice !== "on") {
    if (policy === "ask") return "ask";
    if (policy === "notice" && metered) return "metered";
  }
  return spent ? "budget" : "on";
}
