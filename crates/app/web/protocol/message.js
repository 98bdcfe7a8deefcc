// What a peer says in crowd.v1, encoded. Fields keep their names on the wire. What its node says is node_message.js.

import { encodeBinary, encodeText, MessageError } from "./frame.js";

/** @typedef {import("./release.js").Release} Release */

/**
 * A text message of `t` with those of `names` that `fields` has.
 *
 * @param {string} t
 * @param {Record<string, unknown>} fields
 * @param {string[]} names in the order in which they are written
 */
function encodeFields(t, fields, names) {
  /** @type {Record<string, unknown>} */
  const message = { t };
  for (const name of names) {
    if (fields[name] !== undefined && fields[name] !== null) message[name] = fields[name];
  }
  return encodeText(message);
}

/** @param {{id: number, release: Release, token?: string, have?: string}} fields */
export function encodePublish(fields) {
  return encodeFields("publish", fields, ["id", "release", "token", "have"]);
}

/** @param {{id: number, project: string}} fields */
export function encodeResolve(fields) {
  return encodeFields("resolve", fields, ["id", "project"]);
}

/** @param {{id: number, project: string, version: number, have: string}} fields */
export function encodeHost(fields) {
  return encodeFields("host", fields, ["id", "project", "version", "have"]);
}

/** @param {{project: string, version: number, chunks: number[]}} fields */
export function encodeHave(fields) {
  return encodeFields("have", fields, ["project", "version", "chunks"]);
}

/** @param {{id: number, project: string}} fields */
export function encodeUnhost(fields) {
  return encodeFields("unhost", fields, ["id", "project"]);
}

/**
 * Exactly one of path (with chunk, default 0) and sha256.
 *
 * @param {{id: number, project: string, path?: string, chunk?: number, sha256?: string, version?: number,
 *   traceparent?: string}} fields
 */
export function encodeRequest(fields) {
  const chunk = fields.path === undefined ? undefined : (fields.chunk ?? 0);
  const names = ["id", "project", "path", "chunk", "sha256", "version", "traceparent"];
  return encodeFields("request", { ...fields, chunk }, names);
}

/** @param {{id: number, project: string}} fields */
export function encodeWatch(fields) {
  return encodeFields("watch", fields, ["id", "project"]);
}

/** @param {{id: number}} fields */
export function encodePing(fields) {
  return encodeFields("ping", fields, ["id"]);
}

/**
 * @param {{id: number, sha256: string}} fields
 * @param {Uint8Array} body
 */
export function encodeResponse(fields, body) {
  return encodeBinary({ t: "response", id: fields.id, sha256: fields.sha256 }, body);
}

/** @param {{id: number, code: string, message: string, retry_after_ms?: number}} fields */
export function encodeError(fields) {
  return encodeFields("error", fields, ["id", "code", "message", "retry_after_ms"]);
}

/**
 * Encodes what awaits an answer, by its t. Throws for any other t.
 *
 * @param {any} message with its id
 * @returns {string}
 */
export function encodeAsking(message) {
  switch (message.t) {
    case "publish":
      return encodePublish(message);
    case "resolve":
      return encodeResolve(message);
    case "host":
      return encodeHost(message);
    case "unhost":
      return encodeUnhost(message);
    case "request":
      return encodeRequest(message);
    case "watch":
      return encodeWatch(message);
    case "ping":
      return encodePing(message);
    default:
      throw new MessageError("bad_message", "nothing that a peer asks has that type");
  }
}
