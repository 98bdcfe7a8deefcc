// Real nodes: `crowd serve` processes on ports that the system picks, joined to one cluster, killed by their own ids.
import { join } from "node:path";

import { eventually } from "./eventually.js";
import { binary, temporary } from "./places.js";
import { Process } from "./process.js";
import { Wire } from "./wire.js";

const PORTS = ["--port", "0", "--cluster-port", "0", "--admin-port", "0", "--app-port", "0"];

export class Cluster {
  nodes = [];

  /**
   * `count` nodes that see each other.
   * `flags` go to each; with `wires`, browsers reach each node over a wire that notes and can be cut, and `publicUrl`
   * says what the world is told for a wire's port.
   */
  static async start(
    count,
    { flags = [], wires = false, publicUrl = (port) => `http://localhost:${port}` } = {},
  ) {
    const cluster = new Cluster();
    cluster.data = temporary("nodes");
    cluster.options = { flags, wires, publicUrl };
    for (let at = 0; at < count; at += 1) await cluster.add();
    await cluster.settled();
    return cluster;
  }

  async add(flags = []) {
    const seed = this.nodes.find((node) => node.alive);
    const joining = seed ? ["--join", seed.cluster] : [];
    const at = this.nodes.length;
    const options = { ...this.options, flags: [...this.options.flags, ...flags, ...joining] };
    const node = await Node.start(join(this.data, String(at)), options);
    this.nodes.push(node);
    return node;
  }

  /** Every live node sees every live node. */
  async settled() {
    const live = this.nodes.filter((node) => node.alive);
    for (const node of live) {
      await eventually("every node sees the others", async () => {
        const { nodes } = await node.status();
        return nodes.length === live.length;
      });
    }
  }

  async kill(at) {
    await this.nodes[at].kill();
  }

  async stop() {
    await Promise.all(this.nodes.map((node) => node.kill()));
  }

  logs() {
    return this.nodes.flatMap((node, at) => [
      `--- node ${at} ${node.alive ? "" : "(gone)"} at ${node.port}`,
      ...node.process.log.slice(-25),
    ]);
  }
}

export class Node {
  static async start(data, { flags, wires, publicUrl }) {
    const node = new Node();
    node.wire = wires ? await Wire.open() : null;
    node.data = data;
    node.flags = [...flags, ...(node.wire ? ["--public-url", publicUrl(node.wire.port)] : [])];
    await node.#serve(PORTS);
    return node;
  }

  /** Starts it again where it was, as an operator would. */
  async restart() {
    const ports = [
      "--port",
      this.own,
      "--cluster-port",
      this.cluster.split(":")[1],
      "--admin-port",
      "0",
      "--app-port",
      "0",
    ];
    await this.#serve(ports.map(String));
  }

  async #serve(ports) {
    const log = process.env.CROWD_TEST_LOG ?? "info";
    this.process = new Process(binary(), ["serve", ...ports, "--data", this.data, ...this.flags], {
      env: { CROWD_LOG: log, CROWD_CONFIG_DIR: `${this.data}-config` },
    });
    const bound = (kind) =>
      this.process.line(
        `${kind} is bound`,
        (line) => line.startsWith(`${kind} `) && new URL(line.split(" ")[1]),
      );
    const [open, cluster, admin] = [await bound("public"), await bound("cluster"), await bound("admin")];
    this.own = Number(open.port);
    this.cluster = cluster.host;
    this.admin = admin.origin;
    this.scheme = open.protocol.slice(0, -1);
    this.wire?.to(this.own);
    await eventually("the node is ready", async () => (await fetch(`${this.admin}/readyz`)).ok, {
      every: 20,
    });
  }

  /** Where browsers reach it. */
  get port() {
    return this.wire?.port ?? this.own;
  }

  get alive() {
    return this.process.alive;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get landing() {
    return `http://localhost:${this.port}/`;
  }

  /** An address at the project's own origin. */
  at(project, path = "") {
    return `http://${project}.localhost:${this.port}/${path}`;
  }

  async status() {
    return (await fetch(`${this.admin}/api/cluster`)).json();
  }

  async kill() {
    await this.process.kill();
    await this.wire?.close();
  }
}
