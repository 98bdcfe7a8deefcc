// The page that stands in for one that isn't here yet, or can't be had: the node's own template, filled in as the gateway
// does. Every value is escaped.

import { statusOfCode, refusalHeaders } from "./refusal.js";

/** @typedef {import("../protocol/crowd_error.js").CrowdError} CrowdError */

/** Where the template is gone, as after a project's script deleted it. */
const PLAIN_TEMPLATE =
  "<!doctype html><meta charset=utf-8><title>{{title}}</title>" +
  "<h1>{{title}}</h1><p>{{message}}</p><p>{{hint}}</p><p>{{code}} {{trace}}</p>";
/** What guards the node's own pages comes with its template. */
const GUARDS = ["Content-Security-Policy", "X-Frame-Options", "Referrer-Policy"];

/**
 * A title and what the visitor can do, by code and else by status.
 * @type {Record<string, [string, string]>}
 */
const WORDS = {
  waiting: ["On its way", "It takes longer than usual."],
  rate_limited: ["Too many at once", "Everybody who has it is busy. Try again in a moment."],
  network: [
    "No connection",
    "You seem to be offline, or the nodes are. What you opened before is still here.",
  ],
  owner_changed: ["Somebody else signed this", "Look at /.crowd/manage before you trust the new owner."],
  400: ["That address can’t be read", "Check it for typing errors."],
  403: ["That is not allowed here", ""],
  404: ["Nothing here", "Check the address. Whoever publishes a name first owns it."],
  451: ["Not carried here", "Another cluster may carry it."],
  502: ["What came back was wrong", "The publisher may have to publish it again."],
  503: ["Nobody is hosting this now", "A project is there while somebody hosts it. Try again in a moment."],
  504: ["Nobody answered in time", "Its hosts are slow or just left. Try again in a moment."],
};
/** @type {[string, string]} */
const OTHER_WORDS = ["Something went wrong", "Try again; if it stays, tell whoever runs this node."];
/** What is markup in text and in quoted attributes. @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;" };

/**
 * @param {CrowdError} error why; code `waiting` while it is on its way
 * @param {string} project
 * @param {Response | undefined} template
 * @returns {Promise<Response>}
 */
export async function progressPage(error, project, template) {
  const status = statusOfCode(error.code);
  const [title, hint] = WORDS[error.code] ?? WORDS[status] ?? OTHER_WORDS;
  const { code, message, trace = "" } = error;
  const values = { title, hint, code, message: asSentence(message), trace, project };
  const headers = refusalHeaders(error, "text/html; charset=utf-8");
  for (const name of GUARDS) {
    const value = template?.headers.get(name);
    if (value) headers.set(name, value);
  }
  const text = template?.ok ? await template.text() : PLAIN_TEMPLATE;
  return new Response(fillTemplate(text, values), { status, headers });
}

/**
 * Replaces each `{{name}}` by its value, escaped, in one pass. A name without a value becomes empty.
 * @param {string} template
 * @param {Record<string, string>} values
 */
export function fillTemplate(template, values) {
  const [first, ...parts] = template.split("{{");
  let filled = first;
  for (const part of parts) {
    const end = part.indexOf("}}");
    if (end < 0) {
      filled += `{{${part}`;
      continue;
    }
    const name = part.slice(0, end).trim();
    const value = Object.hasOwn(values, name) ? values[name] : "";
    filled += value.replace(/[&<>"']/g, (character) => ENTITIES[character]) + part.slice(end + 2);
  }
  return filled;
}

/**
 * Messages are parts of log lines, too, and begin and end as those do.
 * @param {string} message
 */
function asSentence(message) {
  const end = message === "" || /[.!?]$/.test(message) ? "" : ".";
  return message.slice(0, 1).toUpperCase() + message.slice(1) + end;
}
