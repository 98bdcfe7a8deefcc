// The wire between browsers and a node: passes bytes on, notes every request line that goes over it, whoever sent it
// (page, worker, shared worker), counts what browsers upload over WebSockets, and can be cut.
import { createConnection, createServer } from "node:net";

export class Wire {
  requests = [];
  /** Bytes from browsers to the node over WebSockets. */
  uploaded = 0;
  sockets = new Set();
  delay = 0;

  static async open() {
    const wire = new Wire();
    wire.server = createServer((socket) => wire.#carry(socket));
    await wire.#listen(0);
    wire.port = wire.server.address().port;
    return wire;
  }

  #listen(port) {
    return new Promise((done, fail) => {
      this.server.once("error", fail);
      this.server.listen(port, "127.0.0.1", done);
    });
  }

  /** Where it leads: a port of this machine. */
  to(port) {
    this.target = port;
  }

  /** Nothing gets through any more, and what is under way is lost. */
  async cut() {
    const closed = new Promise((done) => this.server.close(done));
    this.sockets.forEach((socket) => socket.destroy());
    await closed;
  }

  async mend() {
    if (!this.server.listening) await this.#listen(this.port);
  }

  /** The requests that `match` holds for: a path, or a function of `{method, host, path, headers}`. */
  asked(match) {
    const holds = typeof match === "function" ? match : (request) => request.path === match;
    return this.requests.filter(holds);
  }

  forget() {
    this.requests = [];
  }

  async close() {
    if (this.server.listening) await this.cut();
  }

  #carry(client) {
    const node = createConnection(this.target, "127.0.0.1");
    for (const [socket, other] of [
      [client, node],
      [node, client],
    ]) {
      this.sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
    const reader = new RequestReader(
      (request) => this.requests.push(request),
      (bytes) => (this.uploaded += bytes),
    );
    client.on("data", (bytes) => reader.read(bytes));
    client.pipe(node);
    node.pipe(client);
  }
}

/** Reads request heads from what a client of HTTP/1.1 sends; browsers send no pipelines. */
class RequestReader {
  #head = "";
  #body = 0;
  #socket = false;

  constructor(onRequest, onSocketBytes) {
    this.onRequest = onRequest;
    this.onSocketBytes = onSocketBytes;
  }

  read(bytes) {
    if (this.#socket) return this.onSocketBytes(bytes.length);
    if (this.#body > 0) return void (this.#body -= bytes.length);
    // What is TLS is not read.
    if (this.#head.length > 65_536) return;
    this.#head += bytes.toString("latin1");
    const end = this.#head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const [first, ...lines] = this.#head.slice(0, end).split("\r\n");
    const rest = this.#head.length - end - 4;
    this.#head = "";
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(":")).toLowerCase(),
        line.slice(line.indexOf(":") + 1).trim(),
      ]),
    );
    const [method, path] = first.split(" ");
    this.onRequest({ at: Date.now(), method, path, host: headers.host, headers });
    this.#body = Number(headers["content-length"] ?? 0) - rest;
    this.#socket = headers.upgrade?.toLowerCase() === "websocket";
  }
}
