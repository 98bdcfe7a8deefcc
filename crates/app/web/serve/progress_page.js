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
  // The page's own script says more about each code; this is what it starts from.
  const title = error.code === "waiting" ? "On its way" : "It can’t be had";
  const { code, message, trace = "" } = error;
  const values = { title, code, message: asSentence(message), trace, project, form: "own" };
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
