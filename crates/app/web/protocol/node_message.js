// What a node says in crowd.v1, checked. Fields keep their names on the wire. Pure; what a peer says is message.js.

import { isContentType } from "./content_type.js";
import { asCrowdError, isWireCode } from "./crowd_error.js";
import { isMessageId, MessageError } from "./frame.js";
import { isHash } from "./hash.js";
import { isProjectName } from "./name.js";
import { isVersion, parseRelease } from "./release.js";

/** @typedef {import("./release.js").Release} Release */

/**
 * @typedef {object} FileInfo what a node adds to its response to a request by path
 * @property {number} version
 * @property {string} type
 * @property {number} size
 * @property {number} chunk
 * @property {number} chunks
 * @property {number} status
 */

/**
 * @typedef {{t: "welcome", peer: string, node: string, cluster: string, nodes: string[], heartbeat_s: number}} Welcome
 * @typedef {{t: "ok", id: number}} OkAnswer
 * @typedef {{t: "release", id: number, release: Release, peers: number}} ReleaseAnswer
 * @typedef {{t: "request", id: number, project: string, version: number, sha256: string, traceparent?: string}} Cast
 * @typedef {{t: "response", id: number, sha256: string, file: FileInfo | null, traceparent?: string,
 *   body: Uint8Array<ArrayBuffer>}} ChunkAnswer
 * @typedef {{t: "updated", project: string, version: number}} Updated
 * @typedef {{t: "goaway", reason: string, nodes: string[], reconnect_in_ms: number}} Goaway
 * @typedef {{t: "error", id: number | null, code: string, message: string, retry_after_ms?: number,
 *   traceparent?: string}} ErrorAnswer
 * @typedef {Welcome | OkAnswer | ReleaseAnswer | Cast | ChunkAnswer | Updated | Goaway | ErrorAnswer} NodeMessage
 */

/** @param {unknown} value */
function isText(value) {
  return typeof value === "string" && value.isWellFormed();
}

/**
 * Left out, or null, which is as good.
 *
 * @param {unknown} value
 */
function isAbsent(value) {
  return value === undefined || value === null;
}

/**
 * @param {number} most
 * @param {unknown} value
 * @returns {value is number}
 */
function isWholeUpTo(most, value) {
  return isMessageId(value) && value <= most;
}

/** @param {unknown} value */
function isTextList(value) {
  return Array.isArray(value) && value.every(isText);
}

/** @type {Record<string, (value: unknown) => boolean>} */
const FILE_INFO_SHAPES = {
  version: isVersion,
  type: isContentType,
  size: isMessageId,
  chunk: (value) => isWholeUpTo(0xffff_ffff, value),
  chunks: (value) => isWholeUpTo(0xffff_ffff, value),
  status: (value) => isWholeUpTo(0xffff, value),
};

/**
 * What a response says of its file: null where it says nothing or not all, undefined where it says what can't be.
 *
 * @param {any} head
 * @returns {FileInfo | null | undefined}
 */
function responseFile(head) {
  /** @type {any} */
  const file = {};
  let complete = true;
  for (const [name, isSound] of Object.entries(FILE_INFO_SHAPES)) {
    if (isAbsent(head[name])) complete = false;
    else if (isSound(head[name])) file[name] = head[name];
    else return undefined;
  }
  return complete ? file : null;
}

/**
 * Checks what a node says. Throws MessageError for what is no message of the protocol from a node.
 *
 * @param {any} head an object
 * @param {Uint8Array<ArrayBuffer> | null} body
 * @returns {NodeMessage}
 */
export function parseNodeMessage(head, body) {
  const { t, id } = head;
  if (id !== undefined && !isMessageId(id)) {
    throw new MessageError("bad_message", "an id is a whole number from 0 to 2^53-1", { malformed: true });
  }
  if (!isText(t)) {
    throw new MessageError("bad_message", "a message has a string t, its type", { id, malformed: true });
  }
  const refuse = (/** @type {string} */ code, /** @type {string} */ why) =>
    new MessageError(code, `${t}: ${why}`, { id });
  const needs = (/** @type {boolean} */ right) => {
    if (!right) throw refuse("bad_message", "a field is missing or not as it should be");
  };
  const needsProject = () => {
    if (!isProjectName(head.project)) throw refuse("bad_name", "that is no name of a project");
  };
  switch (t) {
    case "welcome": {
      const { peer, node, cluster, nodes, heartbeat_s } = head;
      needs([peer, node, cluster].every(isText) && isTextList(nodes) && isVersion(heartbeat_s));
      return { t, peer, node, cluster, nodes, heartbeat_s };
    }
    case "ok":
      needs(id !== undefined);
      return { t, id };
    case "release": {
      needs(typeof head.release === "object" && isMessageId(head.peers) && id !== undefined);
      try {
        return {
          t,
          id,
          release: parseRelease(head.release),
          peers: head.peers,
        };
      } catch (error) {
        throw refuse(asCrowdError(error).code, "not a release");
      }
    }
    case "request": {
      const { project, version, sha256, traceparent } = head;
      needs(isText(project) && isVersion(version) && isHash(sha256) && id !== undefined);
      needs(isAbsent(traceparent) || isText(traceparent));
      needsProject();
      return {
        t,
        id,
        project,
        version,
        sha256,
        traceparent: traceparent ?? undefined,
      };
    }
    case "response": {
      const { sha256, traceparent } = head;
      needs(body !== null && id !== undefined && isHash(sha256));
      needs(isAbsent(traceparent) || isText(traceparent));
      const file = responseFile(head);
      if (file === undefined || body === null)
        throw refuse("bad_message", "what it says of the file is wrong");
      return { t, id, sha256, file, traceparent: traceparent ?? undefined, body };
    }
    case "updated":
      needs(isText(head.project) && isVersion(head.version));
      needsProject();
      return { t, project: head.project, version: head.version };
    case "goaway": {
      const { reason, nodes, reconnect_in_ms } = head;
      needs(isText(reason) && isTextList(nodes) && isMessageId(reconnect_in_ms));
      return { t, reason, nodes, reconnect_in_ms };
    }
    case "error": {
      const { code, message, retry_after_ms, traceparent } = head;
      needs(isText(code) && (isAbsent(message) || isText(message)));
      needs(isAbsent(retry_after_ms) || isMessageId(retry_after_ms));
      needs(isAbsent(traceparent) || isText(traceparent));
      return {
        t,
        id: id ?? null,
        code: isWireCode(code) ? code : "unknown",
        message: message ?? "",
        retry_after_ms: retry_after_ms ?? undefined,
        traceparent: traceparent ?? undefined,
      };
    }
    default:
      throw refuse("bad_message", "no message of a node has that type");
  }
}
