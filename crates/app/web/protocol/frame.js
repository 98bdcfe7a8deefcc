// WebSocket frames: text is a JSON object; binary is a JSON head with a body behind it.

import { CrowdError } from "./crowd_error.js";
import { MAX_BODY, MAX_HEAD, MAX_TEXT } from "./limits.js";

/** @typedef {{head: any, body: Uint8Array<ArrayBuffer> | null}} Frame head is an object of whatever fields */

/** A message that could not be taken. */
export class MessageError extends CrowdError {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{id?: number | null, malformed?: boolean}} [about]
   */
  constructor(code, message, about = {}) {
    super(code, message);
    /** @type {number | null} the message's id, where it could be read */
    this.id = about.id ?? null;
    /** No JSON object, no string t, a bad id or a bad head. */
    this.malformed = about.malformed ?? false;
  }
}

/**
 * True for the id of a message.
 *
 * @param {unknown} id
 * @returns {id is number}
 */
export function isMessageId(id) {
  return typeof id === "number" && Number.isSafeInteger(id) && id >= 0;
}

/**
 * A text frame. Throws too_large.
 *
 * @param {object} message
 * @returns {string}
 */
export function encodeText(message) {
  const text = JSON.stringify(message);
  if (isTextTooLarge(text)) throw new MessageError("too_large", "a text frame has at most 64 KiB");
  return text;
}

/**
 * A binary frame: length, head and body in one piece. Throws too_large.
 *
 * @param {object} head
 * @param {Uint8Array} body
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function encodeBinary(head, body) {
  const json = new TextEncoder().encode(JSON.stringify(head));
  if (json.length > MAX_HEAD || body.length > MAX_BODY) {
    throw new MessageError("too_large", "a head has less than 64 KiB and a body at most 1 MiB");
  }
  const frame = new Uint8Array(2 + json.length + body.length);
  new DataView(frame.buffer).setUint16(0, json.length);
  frame.set(json, 2);
  frame.set(body, 2 + json.length);
  return frame;
}

/**
 * Takes one WebSocket message apart; the body shares its buffer. Throws MessageError.
 *
 * @param {string | ArrayBuffer} data
 * @returns {Frame}
 */
export function decodeFrame(data) {
  if (typeof data === "string") {
    const head = parseHead(data);
    if (isTextTooLarge(data)) throw tooLargeFrame(head, "a text frame has at most 64 KiB");
    return { head, body: null };
  }
  const bytes = new Uint8Array(data);
  const length = bytes.length < 2 ? MAX_HEAD : (bytes[0] << 8) | bytes[1];
  if (bytes.length < 2 + length) {
    throw new MessageError("bad_message", "a binary frame is longer than its head", { malformed: true });
  }
  let text = "";
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(2, 2 + length));
  } catch {
    throw noObject();
  }
  const head = parseHead(text);
  const body = bytes.subarray(2 + length);
  if (body.length > MAX_BODY) throw tooLargeFrame(head, "a body has at most 1 MiB");
  return { head, body };
}

/** @param {string} text */
function isTextTooLarge(text) {
  if (text.length * 3 <= MAX_TEXT) return false;
  return text.length > MAX_TEXT || new TextEncoder().encode(text).length > MAX_TEXT;
}

function noObject() {
  return new MessageError("bad_message", "a message is a JSON object", {
    malformed: true,
  });
}

/** @param {string} text */
function parseHead(text) {
  /** @type {any} */
  let head = null;
  try {
    head = JSON.parse(text);
  } catch {
    throw noObject();
  }
  if (typeof head !== "object" || head === null || Array.isArray(head)) throw noObject();
  return head;
}

/**
 * @param {any} head
 * @param {string} why
 */
function tooLargeFrame(head, why) {
  return new MessageError("too_large", why, {
    id: isMessageId(head.id) ? head.id : null,
  });
}
