// One WebSocket to one node, from its opening to its end: pairs answers with questions, answers the node's requests, and
// notices when nobody is there any more. Socket makes them and decides when to make another.

import { CrowdError } from "../protocol/crowd_error.js";
import { decodeFrame } from "../protocol/frame.js";
import { sha256 } from "../protocol/hash.js";
import { MAX_AWAITING, MAX_BODY, MAX_OPEN } from "../protocol/limits.js";
import { encodeAsking, encodeError, encodePing, encodeResponse } from "../protocol/message.js";
import { parseNodeMessage } from "../protocol/node_message.js";
import { parseTraceparent } from "../protocol/traceparent.js";

/** @typedef {import("../protocol/hash.js").Bytes} Bytes */
/** @typedef {import("../protocol/node_message.js").NodeMessage} NodeMessage */
/** @typedef {import("../protocol/node_message.js").Welcome} Welcome */
/** @typedef {import("../protocol/node_message.js").Goaway} Goaway */
/** @typedef {import("../protocol/node_message.js").Cast} Cast */

/**
 * @typedef {object} Clock
 * @property {() => number} now ms
 * @property {(act: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 */

/**
 * @typedef {object} LinkHandlers
 * @property {(welcome: Welcome) => void} onWelcome
 * @property {(hash: string, project: string, version: number, traceparent?: string) => Promise<Bytes | null> | Bytes
 *   | null} onRequest
 * @property {(project: string, version: number) => void} onUpdated
 * @property {(goaway: Goaway) => void} onGoaway
 * @property {() => void} onBeat it has just pinged
 * @property {() => void} onEnd
 */

/** @typedef {{answer: string, sha256?: string, at: number, resolve: (answer: any) => void, reject: (error: CrowdError) => void}} Question */

const SUBPROTOCOL = "crowd.v1";

/** From the opening to the welcome. */
const WELCOME_PATIENCE_MS = 12_000;

/** A node pings at least so often, whatever its welcome says. */
const SLOWEST_HEARTBEAT_S = 300;

/** Nodes answer within ten seconds or so: what takes longer was lost. */
const ANSWER_PATIENCE_MS = 60_000;

/** What may wait in the browser to be sent: as much as a node can ask for at once. */
const MOST_BUFFERED_BYTES = MAX_OPEN * MAX_BODY;

/** @type {Record<string, string>} which message answers which */
const ANSWER_TYPES = {
  publish: "ok",
  resolve: "release",
  host: "ok",
  unhost: "ok",
  request: "response",
  watch: "ok",
  ping: "ok",
};

export class NodeLink {
  #socket;
  #clock;
  #handlers;
  /** @type {Map<number, Question>} */
  #questions = new Map();
  #lastId = 0;
  #serving = 0;
  #heard = true;
  #draining = false;
  #timer;

  /** "opening", "welcomed" or "ended". */
  state = "opening";

  /** What came and was no message of the protocol. */
  ignored = 0;

  /**
   * @param {string} url
   * @param {(url: string, protocol: string) => WebSocket} openSocket may throw
   * @param {Clock} clock
   * @param {LinkHandlers} handlers
   */
  constructor(url, openSocket, clock, handlers) {
    this.url = url;
    this.#clock = clock;
    this.#handlers = handlers;
    this.#socket = openSocket(url, SUBPROTOCOL);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("open", () => {
      if (this.#socket.protocol !== SUBPROTOCOL) this.end();
    });
    this.#socket.addEventListener("message", ({ data }) => this.#take(data));
    this.#socket.addEventListener("close", () => this.end());
    this.#socket.addEventListener("error", () => this.end());
    this.#timer = clock.setTimeout(() => this.end(), WELCOME_PATIENCE_MS);
  }

  /**
   * Asks the node. Rejects with a CrowdError: what the node answered, or network where the link ends before.
   *
   * @param {Record<string, unknown> & {t: string}} message without its id
   * @returns {Promise<any>} the answer
   */
  request(message) {
    return new Promise((resolve, reject) => {
      if (this.state !== "welcomed") throw new CrowdError("network", "not connected to a discovery node");
      if (this.#questions.size >= MAX_AWAITING) {
        throw new CrowdError("rate_limited", "too many questions await their answers");
      }
      const id = this.#lastId + 1;
      const text = encodeAsking({ ...message, id });
      this.#lastId = id;
      const asked = typeof message.sha256 === "string" ? message.sha256 : undefined;
      const answer = ANSWER_TYPES[message.t];
      this.#questions.set(id, {
        answer,
        sha256: asked,
        at: this.#clock.now(),
        resolve,
        reject,
      });
      this.#socket.send(text);
    });
  }

  /**
   * Says what has no answer.
   *
   * @param {string} text an encoded message
   * @returns {boolean} whether it was sent
   */
  tell(text) {
    if (this.state !== "welcomed") return false;
    this.#socket.send(text);
    return true;
  }

  /** Ends as soon as nothing is in flight any more. */
  drain() {
    this.#draining = true;
    this.#endIfIdle();
  }

  /** Closes the socket. */
  end() {
    if (this.state === "ended") return;
    this.state = "ended";
    this.#clock.clearTimeout(this.#timer);
    this.#socket.close();
    for (const { reject } of this.#questions.values()) {
      reject(new CrowdError("network", "the connection to the discovery node was lost"));
    }
    this.#questions.clear();
    this.#handlers.onEnd();
  }

  #endIfIdle() {
    if (this.#draining && this.#serving === 0 && this.#questions.size === 0) this.end();
  }

  /** @param {unknown} data */
  #take(data) {
    if (this.state === "ended") return;
    this.#heard = true;
    /** @type {NodeMessage} */
    let message;
    try {
      if (typeof data !== "string" && !(data instanceof ArrayBuffer)) throw new TypeError("no frame");
      const { head, body } = decodeFrame(data);
      message = parseNodeMessage(head, body);
    } catch {
      this.ignored += 1;
      return;
    }
    this.#dispatch(message);
  }

  /** @param {NodeMessage} message */
  #dispatch(message) {
    if (message.t === "welcome") {
      if (this.state === "opening") this.#begin(message);
    } else if (this.state !== "welcomed") {
      this.ignored += 1;
    } else if (message.t === "request") {
      this.#answer(message);
    } else if (message.t === "updated") {
      this.#handlers.onUpdated(message.project, message.version);
    } else if (message.t === "goaway") {
      this.#handlers.onGoaway(message);
    } else {
      this.#settle(message);
    }
  }

  /** @param {Welcome} welcome */
  #begin(welcome) {
    this.state = "welcomed";
    this.#clock.clearTimeout(this.#timer);
    this.#beat(Math.min(welcome.heartbeat_s, SLOWEST_HEARTBEAT_S) * 1_000);
    this.#handlers.onWelcome(welcome);
  }

  /**
   * Pings once an interval; a link on which nothing came since the last ping has ended.
   *
   * @param {number} interval ms
   */
  #beat(interval) {
    this.#timer = this.#clock.setTimeout(() => {
      if (!this.#heard) return this.end();
      this.#heard = false;
      this.#expire();
      if (this.state === "ended") return;
      this.#lastId += 1;
      this.#socket.send(encodePing({ id: this.#lastId }));
      this.#beat(interval);
      this.#handlers.onBeat();
    }, interval);
  }

  #expire() {
    const latest = this.#clock.now() - ANSWER_PATIENCE_MS;
    for (const [id, { at, reject }] of this.#questions) {
      if (at > latest) continue;
      this.#questions.delete(id);
      reject(new CrowdError("timeout", "the discovery node did not answer"));
    }
    this.#endIfIdle();
  }

  /** @param {import("../protocol/node_message.js").NodeMessage & {id: number | null}} message an answer */
  async #settle(message) {
    const question = message.id === null ? undefined : this.#questions.get(message.id);
    if (message.id === null || question === undefined) return;
    this.#questions.delete(message.id);
    if (message.t === "error") {
      const trace = parseTraceparent(message.traceparent)?.traceId;
      question.reject(
        new CrowdError(message.code, message.message, {
          trace,
          retryAfterMs: message.retry_after_ms,
        }),
      );
    } else if (message.t !== question.answer) {
      this.ignored += 1;
      question.reject(new CrowdError("bad_message", "the node answered with something else"));
    } else if (message.t === "response") {
      const right = message.sha256 === (question.sha256 ?? message.sha256);
      if (right && (await sha256(message.body)) === message.sha256) question.resolve(message);
      else question.reject(new CrowdError("wrong_bytes", "the node answered with other bytes"));
    } else {
      question.resolve(message);
    }
    this.#endIfIdle();
  }

  /**
   * Answers a request of the node's.
   *
   * @param {Cast} cast
   */
  async #answer({ id, sha256: hash, project, version, traceparent }) {
    if (this.#serving >= MAX_OPEN || this.#socket.bufferedAmount > MOST_BUFFERED_BYTES) {
      this.tell(
        encodeError({
          id,
          code: "rate_limited",
          message: "too many requests at once",
        }),
      );
      return;
    }
    this.#serving += 1;
    let bytes = null;
    try {
      bytes = await this.#handlers.onRequest(hash, project, version, traceparent);
    } catch {
      bytes = null;
    }
    this.#serving -= 1;
    if (this.state !== "welcomed") return;
    if (bytes !== null && bytes.length <= MAX_BODY)
      this.#socket.send(encodeResponse({ id, sha256: hash }, bytes));
    else
      this.tell(
        encodeError({
          id,
          code: "not_here",
          message: "this peer does not have that chunk",
        }),
      );
    this.#endIfIdle();
  }
}
