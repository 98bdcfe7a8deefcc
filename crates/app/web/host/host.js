// The host of an origin: the one connection to a discovery node, over which this browser answers for what it has. It obeys
// the node's policy and the person's choices, and tells the pages how it is doing. It needs neither window nor worker:
// host.js makes one for a project's origin; whoever hosts several projects at once can make one too.

import { Socket } from "../net/socket.js";
import { Source } from "../net/source.js";
import { CrowdError } from "../protocol/crowd_error.js";
import { isProjectName } from "../protocol/name.js";
import { ConnectedPages } from "./connected_pages.js";
import { HostChoices } from "./host_choices.js";
import { worldOf } from "./host_world.js";
import { HostedProject } from "./hosted_project.js";
import { decideHosting } from "./hosting_policy.js";
import { parsePageMessage } from "./page_message.js";
import { emitState } from "./states.js";
import { StatusCast } from "./status_cast.js";
import { UploadBudget } from "./upload_budget.js";

/** @typedef {import("./hosting_policy.js").HostingState} HostingState */
/** @typedef {import("../net/nodes.js").Nodes} Nodes */
/** @typedef {import("../protocol/node_message.js").Welcome} Welcome */
/** @typedef {import("./host_world.js").HostWorld} HostWorld */
/** @typedef {{id: string, project: string}} HostedSite */

/**
 * @typedef {object} HostParts
 * @property {import("../store/database.js").Store} store
 * @property {BroadcastChannel} channel listened to, and closed by `stop`
 * @property {Nodes} nodes
 * @property {HostedSite[]} projects
 * @property {"always"} [policy] hosts what a person published unless they say otherwise; left out, the node's policy for
 *   visitors holds
 * @property {() => void} [onStop] a page asked for the end
 * @property {Partial<HostWorld>} [world]
 */

/** One connection hosts no more: a node has a limit too. */
const MOST_PROJECTS = 64;
/** Messages of pages that may wait until the store was read. */
const MOST_WAITING = 256;
/** Pages that come and go don't hurry the connection more often: milliseconds. */
const HURRY_PACE = 1_000;

export class Host {
  #parts;
  #world;
  #pages = new ConnectedPages();
  #choices;
  #budget;
  #cast;
  /** @type {Map<string, HostedProject>} */
  #projects = new Map();
  /** @type {Socket | null} */
  #socket = null;
  /** @type {HostingState} */
  #hosting = "ask";
  #node = "";
  #downBefore = 0;
  #hurriedAt = -Infinity;
  #started = false;
  #stopped = false;
  /** @type {unknown[]} */
  #waiting = [];
  #hear = (/** @type {MessageEvent} */ { data }) => this.take(data);

  /** @param {HostParts} parts */
  constructor(parts) {
    this.#parts = parts;
    this.#world = worldOf(parts.world ?? {});
    const { store, channel, nodes, policy } = parts;
    const { now, later } = this.#world;
    this.#choices = new HostChoices({
      store,
      nodes,
      policy,
      fetch: this.#world.fetch,
    });
    this.#budget = new UploadBudget(store.counters, now);
    this.#cast = new StatusCast({ send: () => this.#tell(), now, later });
    channel.addEventListener("message", this.#hear);
  }

  /** Reads the store, connects, and hosts what there is. */
  async start() {
    const { store, projects } = this.#parts;
    const [{ down }] = await Promise.all([store.counters.total(), this.#budget.load(), this.#choices.load()]);
    if (this.#stopped) return;
    this.#downBefore = down;
    this.#budget.perDay = this.#choices.uploadPerDay;
    for (const site of projects) this.addProject(site);
    this.#started = true;
    this.#decide();
    // What is here is known first, so that a node is told once.
    await Promise.allSettled([...this.#projects.values()].map((hosted) => hosted.read()));
    if (this.#stopped) return;
    this.#socket = this.#connect();
    for (const data of this.#waiting.splice(0)) this.take(data);
    // Pages that were here before say hello again: a host in a tab may follow one in another.
    this.#parts.channel.postMessage({ t: "who" });
  }

  /** Whether a node is there. */
  get connected() {
    return this.#socket?.connected ?? false;
  }

  /**
   * Asks the node: see Socket.request.
   *
   * @param {Record<string, unknown> & {t: string}} message
   * @returns {Promise<any>}
   */
  async request(message) {
    if (this.#socket === null) throw new CrowdError("network", "not connected yet");
    return this.#socket.request(message);
  }

  /**
   * Hosts one more project, as far as the store has it. False where there are too many.
   *
   * @param {HostedSite} site
   * @returns {boolean}
   */
  addProject({ id, project }) {
    if (!isProjectName(project) || this.#projects.size >= MOST_PROJECTS) return false;
    if (this.#projects.has(project)) return true;
    const { store, nodes, channel } = this.#parts;
    const { now, later, random, fetch } = this.#world;
    const hosted = new HostedProject({
      id,
      project,
      store,
      source: new Source({
        store,
        site: { id, project, server: null },
        nodes,
        fetch,
      }),
      line: {
        request: (message) => this.request(message),
        have: (fields) => this.#socket?.have(fields) ?? false,
      },
      now,
      later,
      random,
      mayFetch: () => !this.#stopped && !this.#pages.metered,
      takeUpload: (bytes) => this.#takeUpload(bytes),
      emit: (state, detail) => emitState(channel, state, detail),
      onNewer: (version) => channel.postMessage({ t: "newer", project, version }),
      onChange: () => this.#cast.touch(),
    });
    this.#projects.set(project, hosted);
    hosted.keep(this.#choices.keepAll, false);
    hosted.host(this.#hosting === "on");
    if (this.connected) hosted.connected();
    void hosted.read().catch(() => {});
    return true;
  }

  /** @param {string} project */
  removeProject(project) {
    this.#projects.get(project)?.close();
    this.#projects.delete(project);
    this.#cast.touch();
  }

  /**
   * Takes a message of a page or worker of this origin; what is none is ignored.
   *
   * @param {unknown} data
   */
  take(data) {
    if (this.#stopped) return;
    if (!this.#started) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting.push(data);
      return;
    }
    const message = parsePageMessage(data);
    switch (message?.t) {
      case "hello":
        return this.#hello(message.page, message.metered);
      case "bye":
        this.#pages.bye(message.page);
        return this.#decide();
      case "set":
        return this.#set(message.what, message.value);
      case "stored":
        return this.#stored(message);
      case "stop":
        return this.stop();
    }
  }

  /** Hosts nothing any more, lets go of connection and store, and says so. */
  stop() {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#hosting = "off";
    this.#cast.stop();
    for (const hosted of this.#projects.values()) hosted.close();
    this.#socket?.close();
    void this.#tell().finally(() => {
      this.#parts.channel.removeEventListener("message", this.#hear);
      this.#parts.channel.close();
      this.#parts.store.close();
      this.#parts.onStop?.();
    });
  }

  /**
   * The HostStatus of one project.
   *
   * @param {string} project
   * @param {number} [bytesIn] that came since this host started
   */
  status(project, bytesIn = 0) {
    const hosted = this.#projects.get(project);
    return hosted && { ...this.#ownStatus(bytesIn), project, ...hosted.status };
  }

  /** @param {number} bytesIn */
  #ownStatus(bytesIn) {
    return {
      connected: this.connected,
      node: this.#node,
      hosting: this.#hosting,
      bytesIn,
      bytesOut: this.#budget.uploaded,
      outToday: this.#budget.today,
      perDay: this.#budget.perDay,
    };
  }

  async #tell() {
    const { store, channel } = this.#parts;
    const { down } = await store.counters.total().catch(() => ({ down: this.#downBefore }));
    const bytesIn = Math.max(0, down - this.#downBefore);
    for (const project of this.#projects.keys()) {
      channel.postMessage({ t: "status", ...this.status(project, bytesIn) });
    }
  }

  #connect() {
    const { nodes } = this.#parts;
    const { random, openSocket } = this.#world;
    const urls = async () => {
      await nodes.load();
      return nodes.bases().map((base) => `${base.replace(/^http/, "ws")}/.crowd/ws`);
    };
    return new Socket({
      urls,
      random,
      openSocket,
      onWelcome: (welcome) => this.#welcomed(welcome),
      onRequest: (hash, project) => this.#answer(hash, project),
      onUpdated: (project, version) => this.#projects.get(project)?.updated(version),
      onState: () => this.#stateChanged(),
    });
  }

  /** @param {Welcome} welcome */
  #welcomed({ node, nodes }) {
    this.#node = node.slice(0, 253);
    void this.#parts.nodes.learn(nodes);
    for (const hosted of this.#projects.values()) hosted.connected();
    void this.#choices.refreshConfig().then(() => {
      this.#budget.perDay = this.#choices.uploadPerDay;
      this.#decide();
    });
    this.#cast.touch();
  }

  #stateChanged() {
    if (this.connected) return;
    for (const hosted of this.#projects.values()) hosted.disconnected();
    this.#cast.touch();
  }

  /**
   * @param {string} hash
   * @param {string} project
   */
  #answer(hash, project) {
    // A new day may have begun.
    if (this.#hosting === "budget") this.#decide();
    return this.#projects.get(project)?.answer(hash) ?? null;
  }

  /** @param {number} bytes */
  #takeUpload(bytes) {
    // Asked after the bytes were read: hosting may have been switched off meanwhile.
    const mayGo = !this.#stopped && this.#budget.take(bytes);
    if (this.#budget.spent) this.#decide();
    this.#cast.touch();
    return mayGo;
  }

  /**
   * @param {string} page
   * @param {boolean} metered
   */
  #hello(page, metered) {
    const isNew = this.#pages.hello(page, metered);
    this.#decide();
    for (const hosted of this.#projects.values()) {
      if (isNew) void hosted.visited().catch(() => {});
    }
    const now = this.#world.now();
    if (!this.connected && now - this.#hurriedAt >= HURRY_PACE) {
      this.#hurriedAt = now;
      this.#socket?.hurry();
    }
    this.#cast.touch();
  }

  /** @param {Extract<import("./page_message.js").PageMessage, {t: "stored"}>} message */
  #stored({ site, version, hashes }) {
    for (const hosted of this.#projects.values()) {
      if (hosted.id === site) void hosted.stored(version, hashes).catch(() => {});
    }
  }

  /**
   * @param {"hosting" | "keepAll" | "uploadPerDay" | "storageBytes"} what
   * @param {any} value of the right type
   */
  #set(what, value) {
    // First what it means, then the store: "off" is off at once.
    void this.#choices.choose(what, value);
    this.#budget.perDay = this.#choices.uploadPerDay;
    this.#decide();
    for (const hosted of this.#projects.values()) {
      if (what === "keepAll") hosted.keep(value, true);
      if (what === "storageBytes") hosted.wake();
    }
  }

  /** Finds out whether anything may be uploaded, and acts on it. */
  #decide() {
    if (!this.#started || this.#stopped) return;
    const { policy, hosting: choice } = this.#choices;
    const hosting = decideHosting({
      policy,
      choice,
      metered: this.#pages.metered,
      spent: this.#budget.spent,
    });
    const isOther = hosting !== this.#hosting;
    this.#hosting = hosting;
    for (const hosted of this.#projects.values()) {
      if (isOther) hosted.host(hosting === "on");
      else hosted.wake();
    }
    this.#cast.touch();
  }
}
