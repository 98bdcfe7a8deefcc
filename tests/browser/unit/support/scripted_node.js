// A discovery node of a few lines, over a real WebSocket and a scripted fetch: it notes what a peer says, answers it, and
// asks the peer for chunks.

import { EventEmitter, once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";
import { decodeFrame } from "../../../../crates/app/web/protocol/frame.js";

const CONFIG = {
  hosting: "notice",
  domain: null,
  node: "node-1",
  servers: [],
  upload_bytes_per_day: 1_000_000,
};

export class ScriptedNode extends EventEmitter {
  /** What peers said, in order. @type {any[]} */
  said = [];
  /** Its address. */
  base = "";
  /** Paths that were fetched. @type {string[]} */
  fetched = [];
  config = CONFIG;
  /** What it knows. @type {Awaited<ReturnType<import("./keys.js").publication>> | null} */
  publication = null;
  peers = 1;
  /** Seconds. */
  heartbeat = 30;
  /** @type {(message: any) => any} another answer than the usual one */
  react = () => undefined;
  /** @type {WebSocket | null} */
  peer = null;
  #nextId = 1;
  #server = new WebSocketServer({ port: 0, handleProtocols: () => "crowd.v1" });

  /** @param {import("node:test").TestContext} test */
  static async start(test) {
    const node = new ScriptedNode();
    test.after(() => node.stop());
    if (!node.#server.address()) await once(node.#server, "listening");
    node.base = `http://127.0.0.1:${node.#server.address().port}`;
    node.#server.on("connection", (socket) => node.#welcome(socket));
    return node;
  }

  /** In place of the browser's. */
  openSocket = (url, protocol) => /** @type {any} */ (new WebSocket(url, protocol));

  /** In place of the browser's. */
  fetch = async (url) => {
    const { pathname } = new URL(url);
    this.fetched.push(pathname);
    if (pathname === "/.crowd/config.json")
      return this.config ? Response.json(this.config) : new Response("", { status: 404 });
    const { release, chunks } = this.publication ?? { chunks: new Map() };
    if (pathname.endsWith("/release") && release) return Response.json(release);
    const bytes = chunks.get(pathname.split("/").at(-1));
    return bytes ? new Response(bytes) : new Response("no_peer: nobody has it\n", { status: 503 });
  };

  #welcome(socket) {
    this.peer = socket;
    this.said.push({ t: "(connected)" });
    socket.on("message", (data, isBinary) => this.#take(socket, data, isBinary));
    this.say({
      t: "welcome",
      peer: "p",
      node: "node-1",
      cluster: "c",
      nodes: [],
      heartbeat_s: this.heartbeat,
    });
  }

  #take(socket, data, isBinary) {
    const { head, body } = decodeFrame(isBinary ? new Uint8Array(data).buffer : data.toString());
    this.said.push(head);
    this.emit("said", head, body);
    if (head.id === undefined || head.t === "response" || head.t === "error") return;
    const { release } = this.publication ?? {};
    const known = release
      ? { t: "release", release, peers: this.peers }
      : { t: "error", code: "unknown_project" };
    const answer = this.react(head) ?? (head.t === "resolve" ? known : { t: "ok" });
    if (answer !== "nothing") socket.send(JSON.stringify({ ...answer, id: head.id }));
  }

  say(message) {
    this.peer.send(JSON.stringify(message));
  }

  /** Asks the peer for a chunk: its bytes, or the code of its refusal. */
  async ask(sha256, project = "mysite", version = 1) {
    this.#nextId += 1;
    const id = this.#nextId;
    const answered = new Promise((resolve) => {
      const take = (head, body) => {
        if (head.id !== id || (head.t !== "response" && head.t !== "error")) return;
        this.off("said", take);
        resolve(head.t === "error" ? head.code : body);
      };
      this.on("said", take);
    });
    this.say({ t: "request", id, project, version, sha256 });
    return answered;
  }

  /** What was said of one type. */
  of(t) {
    return this.said.filter((message) => message.t === t);
  }

  /** The connection is lost. */
  async drop() {
    const closed = once(this.peer, "close");
    this.peer.terminate();
    await closed;
  }

  stop() {
    this.peer?.terminate();
    this.#server.close();
  }
}
