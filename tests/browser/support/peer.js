// A scripted peer over crowd.v1: does what a test says, lies if told so, and has no manners of its own.
import WebSocket from "ws";

import { within } from "./eventually.js";

export class Peer {
  /** What nodes asked it for, and what they said unasked. */
  asked = [];
  told = [];
  /** What earlier versions had stays answerable. */
  old = new Map();
  #next = 1;
  #open = new Map();
  /** What it answers: from the site's bytes, or `null` for not_here, or `undefined` for never. */
  react = (hash, site) => site?.bytes.get(hash) ?? this.old.get(hash) ?? null;
  sites = new Map();

  /** `origin` makes it speak as a page of that origin; `tls` (`{ca, servername}`) over TLS. */
  static async connect(node, { origin, tls } = {}) {
    const peer = new Peer();
    const headers = origin ? { origin } : {};
    peer.socket = new WebSocket(`${tls ? "wss" : "ws"}://127.0.0.1:${node.own}/.crowd/ws`, "crowd.v1", {
      headers,
      ...tls,
    });
    peer.socket.on("error", (error) => (peer.error = error));
    peer.socket.on("message", (data, binary) => peer.#hear(data, binary));
    const welcome = new Promise((done) => (peer.onWelcome = done));
    const closed = new Promise((_, fail) =>
      peer.socket.on("close", () => fail(peer.error ?? new Error("closed"))),
    );
    closed.catch(() => {});
    await within(10_000, "a welcome", Promise.race([welcome, closed]));
    return peer;
  }

  /** Sends a message with an id and gives its answer; an `error` is thrown with its code. */
  ask(message) {
    const id = (this.#next += 1);
    const answer = new Promise((done, fail) => this.#open.set(id, { done, fail }));
    this.socket.send(JSON.stringify({ ...message, id }));
    return within(20_000, `an answer to ${message.t}`, answer);
  }

  /** Publishes and hosts; with `hosting: false` it answers for the manifest only. */
  async publish(site, { hosting = true } = {}) {
    this.sites.set(site.project, site);
    for (const [hash, bytes] of site.bytes) this.old.set(hash, bytes);
    await this.ask({ t: "publish", release: site.release, ...(hosting ? { have: "all" } : {}) });
    return site;
  }
  async host(site, have = "all") {
    this.sites.set(site.project, site);
    await this.ask({ t: "host", project: site.project, version: site.version, have });
  }

  async unhost(project) {
    await this.ask({ t: "unhost", project });
  }

  /** The newest release and how many peers host it. */
  resolve(project) {
    return this.ask({ t: "resolve", project });
  }

  async request(project, what) {
    return this.ask({ t: "request", project, ...what });
  }

  close() {
    this.socket.terminate();
  }

  #hear(data, binary) {
    if (binary) {
      const size = data.readUInt16BE(0);
      const head = JSON.parse(data.subarray(2, 2 + size));
      return this.#answered(head, data.subarray(2 + size));
    }
    const message = JSON.parse(data);
    if (message.t === "welcome") this.onWelcome(message);
    else if (message.t === "request") this.#answer(message);
    else if (message.id !== undefined && this.#open.has(message.id)) this.#answered(message);
    else this.told.push(message);
  }

  #answered(head, body) {
    const open = this.#open.get(head.id);
    this.#open.delete(head.id);
    if (head.t === "error")
      open?.fail(Object.assign(new Error(`${head.code}: ${head.message}`), { code: head.code }));
    else open?.done(body ? { ...head, body } : head);
  }

  async #answer({ id, project, sha256 }) {
    this.asked.push({ project, sha256, at: Date.now() });
    const bytes = await this.react(sha256, this.sites.get(project));
    if (bytes === undefined) return;
    if (bytes === null) {
      return this.socket.send(JSON.stringify({ t: "error", id, code: "not_here", message: "not here" }));
    }
    const head = Buffer.from(JSON.stringify({ t: "response", id, sha256 }));
    const length = Buffer.alloc(2);
    length.writeUInt16BE(head.length);
    this.socket.send(Buffer.concat([length, head, bytes]));
  }
}
