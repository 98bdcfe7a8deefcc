// What can be said of a project's name while it is typed: not a name, free, yours, or taken. Pure.

import { isProjectName } from "../protocol/name.js";

/**
 * `version` is the newest one of a name that is yours, 0 where there is none.
 * @typedef {{ kind: "empty" | "invalid" | "checking" | "free" | "yours" | "taken" | "unknown", text: string,
 *   version: number }} NameState
 */

/**
 * What the text alone says; "checking" where the node has to be asked.
 * @param {string} text
 * @returns {NameState}
 */
export function nameStateOfText(text) {
  if (text === "")
    return { kind: "empty", text: "1 to 63 of the letters a to z, digits and hyphens.", version: 0 };
  if (isProjectName(text)) return { kind: "checking", text: "Looking whether it is free…", version: 0 };
  return { kind: "invalid", text: whyNoName(text), version: 0 };
}

/**
 * What the node says.
 * @param {{ owner: string, version: number } | null} release the newest one, null where the name has none
 * @param {string | null} owner of the key that is here, null where there is none yet
 * @returns {NameState}
 */
export function nameStateOfRelease(release, owner) {
  if (release === null) return { kind: "free", text: "This name is free.", version: 0 };
  if (release.owner === owner) {
    const text = `This name is yours, now at version ${release.version}. Publishing makes it ${release.version + 1}.`;
    return { kind: "yours", text, version: release.version };
  }
  const text =
    owner === null
      ? "This name is taken. If it is yours, import your key below."
      : "This name is taken: it belongs to another key than the one in this browser.";
  return { kind: "taken", text, version: 0 };
}

/**
 * The node can't say.
 * @param {string} why
 * @returns {NameState}
 */
export function nameStateUnknown(why) {
  return { kind: "unknown", text: `Whether this name is free can’t be seen now: ${why}`, version: 0 };
}

/** @param {string} text */
function whyNoName(text) {
  if (text.length > 63) return "A name has at most 63 characters.";
  if (/[A-Z]/.test(text)) return "A name has small letters only.";
  if (/[^a-z0-9-]/.test(text)) return "A name has only the letters a to z, digits and hyphens.";
  if (text.startsWith("-") || text.endsWith("-")) return "A name neither begins nor ends with a hyphen.";
  if (text.startsWith("xn--")) return "A name does not begin with xn--.";
  return `No project can be called ${text}.`;
}
