// A host under test: a store in memory, a scripted node, a clock that stands still until it is told, and the channel's other
// end, which notes what pages would hear.

import { setTimeout as pause } from "node:timers/promises";
import { Host } from "../../../../crates/app/web/host/host.js";
import { Nodes } from "../../../../crates/app/web/net/nodes.js";
import { ScriptedNode } from "./scripted_node.js";
import { newStore } from "./stores.js";

let channels = 0;

export class Hosting {
  /** What pages hear. @type {any[]} */
  heard = [];
  now = Date.UTC(2026, 10, 22, 12);
  /** @type {{at: number, run: () => void}[]} */
  timers = [];

  /** @param {import("node:test").TestContext} test */
  static async begin(test, { store = newStore(test), node } = {}) {
    const hosting = new Hosting();
    channels += 1;
    hosting.test = test;
    hosting.store = store;
    hosting.node = node ?? (await ScriptedNode.start(test));
    hosting.name = `crowd-${channels}`;
    hosting.page = new BroadcastChannel(hosting.name);
    hosting.page.onmessage = ({ data }) => hosting.heard.push(data);
    test.after(() => {
      hosting.host?.stop();
      hosting.page.close();
    });
    return hosting;
  }

  /** Starts a host, as after a restart where there was one. The page that starts it says what connection this is. */
  async start({ hello = { t: "hello", metered: false, page: "first" }, ...parts } = {}) {
    const { node, store } = this;
    this.host = new Host({
      store,
      channel: new BroadcastChannel(this.name),
      nodes: new Nodes(node.base, store.settings),
      projects: [{ id: "", project: "mysite" }],
      world: {
        now: () => this.now,
        later: (ms, run) => void this.timers.push({ at: this.now + ms, run }),
        random: () => 0.5,
        fetch: /** @type {any} */ (node.fetch),
        openSocket: node.openSocket,
      },
      ...parts,
    });
    this.host.take(hello);
    await this.host.start();
    return this.host;
  }

  /** Lets time pass for what waits. */
  pass(ms) {
    this.now += ms;
    const due = this.timers.filter(({ at }) => at <= this.now);
    this.timers = this.timers.filter(({ at }) => at > this.now);
    for (const { run } of due) run();
  }

  /** A page says it. */
  say(message) {
    this.page.postMessage(message);
  }

  states() {
    return this.heard.filter(({ t }) => t === "state").map(({ state }) => state);
  }

  status() {
    return this.heard.findLast(({ t }) => t === "status");
  }

  /** The last status for which `holds` is true; time passes meanwhile, so that it is told. */
  async statusWhere(holds) {
    return until(() => {
      this.pass(250);
      const status = this.status();
      return status && holds(status) ? status : undefined;
    });
  }

  /** Puts files of a publication into the store as the worker would, and its release. */
  async keep({ release, manifestBytes, chunks }, hashes = [...chunks.keys()]) {
    await this.store.sites.accept("", release, manifestBytes);
    for (const hash of hashes) await this.store.chunks.put(hash, chunks.get(hash));
  }
}

/** What `probe` gives once it is something. */
export async function until(probe, what = probe.toString()) {
  for (let turn = 0; turn < 400; turn += 1) {
    const found = await probe();
    if (found) return found;
    await pause(5);
  }
  throw new Error(`never: ${what}`);
}

/** Long enough for what should not happen to happen. */
export async function aWhile() {
  await pause(60);
}
