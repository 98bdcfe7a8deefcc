// The stage of one file of scenarios: a cluster that its scenarios share, and for each scenario whoever it lets enter,
// who leave when it ends. Where one fails it tells what nodes and browsers said.
import { after, before, test } from "node:test";

import { Cluster } from "./cluster.js";
import { eventually } from "./eventually.js";
import { Peer } from "./peer.js";
import { Publisher } from "./publisher.js";
import { TestSite } from "./test_site.js";
import { launch, Visitor } from "./visitor.js";

let names = 0;

/** `{nodes, wires, flags}` are the cluster's. Scenarios of one stage differ in their projects' names. */
export function stage({ nodes = 1, wires = false, flags = [], browser = {} } = {}) {
  const shared = {};
  before(async () => {
    shared.cluster = nodes ? await Cluster.start(nodes, { wires, flags }) : null;
    shared.browser = browser && (await launch(browser));
  });
  after(async () => {
    await shared.browser?.close();
    await shared.cluster?.stop();
  });
  const scenario = (name, play, { timeout = 60_000, ...options } = {}) =>
    test(name, { timeout, ...options }, async (t) => {
      const scene = new Scene(t, shared);
      try {
        await play(scene);
      } catch (error) {
        for (const line of scene.logs()) t.diagnostic(line);
        throw error;
      } finally {
        await scene.end();
      }
    });
  return { scenario, shared };
}

class Scene {
  #leaving = [];
  visitors = [];
  clusters = [];

  constructor(test, { cluster, browser }) {
    Object.assign(this, { test, cluster, browser });
    this.nodes = cluster?.nodes ?? [];
    if (cluster) this.clusters.push(cluster);
  }

  /** A name that no other scenario uses. */
  name(what = "site") {
    names += 1;
    return `${what}-${process.pid.toString(36)}-${names}`;
  }

  async visitor(options) {
    return this.#keep(
      await Visitor.open(this.browser, { name: `visitor ${this.visitors.length + 1}`, ...options }),
    );
  }

  async visitorWithProfile(folder, options) {
    return this.#keep(await Visitor.withProfile(folder, options));
  }

  #keep(visitor) {
    this.visitors.push(visitor);
    this.leaving(() => visitor.close().catch(() => {}));
    return visitor;
  }

  async peer(node = this.nodes[0], options) {
    const peer = await Peer.connect(node, options);
    this.leaving(() => peer.close());
    return peer;
  }

  /** A site that a scripted peer publishes and hosts. `files`: path → content. */
  async publish(files, { project = this.name(), node, tls, ...options } = {}) {
    const peer = await this.peer(node, { tls });
    const site = await peer.publish(new TestSite(project, files, options));
    return { project, site, peer };
  }

  /** A folder that `crowd publish` publishes and hosts. */
  async publishFolder(folder, { project = this.name(), node = this.nodes[0], ...options } = {}) {
    const publisher = await Publisher.start(folder, { name: project, node, ...options });
    this.leaving(() => publisher.stop());
    return { project, publisher };
  }

  async startCluster(count, options) {
    const cluster = await Cluster.start(count, options);
    this.clusters.push(cluster);
    this.leaving(() => cluster.stop());
    return cluster;
  }

  /** How many peers host it, as `node` knows. */
  async hosts(project, node = this.nodes[0]) {
    const peer = await Peer.connect(node);
    try {
      return (await peer.resolve(project)).peers;
    } finally {
      peer.close();
    }
  }

  async hosted(project, count, node) {
    await eventually(`${project} has ${count} hosts`, async () => {
      const hosts = await this.hosts(project, node);
      if (hosts !== count) throw new Error(`it has ${hosts}`);
      return true;
    });
  }

  leaving(leave) {
    this.#leaving.push(leave);
  }

  logs() {
    return [
      ...this.clusters.flatMap((cluster) => cluster.logs()),
      ...this.visitors.flatMap((visitor) => visitor.logs()),
    ];
  }

  async end() {
    for (const leave of this.#leaving.reverse()) await leave();
  }
}
