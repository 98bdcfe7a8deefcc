// The host of an origin: the one connection to a discovery node, over which this browser answers for what it has. It obeys
// the node's policy and the person's choices, and tells the pages how it is doing. It needs neither window nor worker:
// host.js makes one for a project's origin; whoever hosts several projects at once can make one too.

import { ConnectedPages } from "./connected_pages.js";
import { HostChoices } from "./host_choices.js";
import { HostConnection } from "./host_connection.js";
import { worldOf } from "./host_world.js";
import { HostedProjects } from "./hosted_projects.js";
import { decideHosting } from "./hosting_policy.js";
import { parsePageMessage } from "./page_message.js";
import { emitState } from "./states.js";
import { StatusCast } from "./status_cast.js";
import { UploadBudget } from "./upload_budget.js";

/** @typedef {import("./hosting_policy.js").HostingState} HostingState */
/** @typedef {import("../net/nodes.js").Nodes} Nodes */
/** @typedef {import("./host_world.js").HostWorld} HostWorld */
/** @typedef {import("./hosted_projects.js").HostedSite} HostedSite */

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

/** Messages of pages that may wait until the store was read. */
const MOST_WAITING = 256;

export class Host {
  #parts;
  #pages;
  #choices;
  #budget;
  #cast;
  #connection;
  #projects;
  #later;
  /** @type {HostingState} */
  #hosting = "ask";
  #downBefore = 0;
  #tomorrowPlanned = false;
  #started = false;
  #stopped = false;
  /** @type {unknown[]} */
  #waiting = [];
  #hear = (/** @type {MessageEvent} */ { data }) => this.take(data);

  /** @param {HostParts} parts */
  constructor(parts) {
    const { store, channel, nodes, policy } = parts;
    const world = worldOf(parts.world ?? {});
    this.#parts = parts;
    // Unknown counts as metered, but where a person publishes.
    this.#pages = new ConnectedPages(policy !== "always");
    this.#choices = new HostChoices({ store, nodes, policy, fetch: world.fetch });
    this.#later = world.later;
    this.#budget = new UploadBudget(store.counters, world.now);
    this.#cast = new StatusCast({ ...world, send: () => this.#tell() });
    this.#connection = new HostConnection({
      nodes,
      world,
      onConnected: () => this.#connected(),
      onLost: () => this.#lost(),
      onRequest: (hash, project) => this.#answer(hash, project),
      onUpdated: (project, version) => this.#projects.of(project)?.updated(version),
      onBeat: () => this.#renew(),
    });
    this.#projects = new HostedProjects({
      ...world,
      store,
      nodes,
      line: this.#connection,
      mayFetch: () => this.#started && !this.#stopped && !this.#pages.metered,
      takeUpload: (bytes) => this.#takeUpload(bytes),
      emit: (state, detail) => emitState(channel, state, detail),
      onNewer: (project, version) => channel.postMessage({ t: "newer", project, version }),
      onChange: () => this.#touch(),
    });
    channel.addEventListener("message", this.#hear);
  }

  /** Reads the store, connects, and hosts what there is. */
  async start() {
    const [down] = await Promise.all([this.#bytesDown(), this.#budget.load(), this.#choices.load()]);
    if (this.#stopped) return;
    this.#downBefore = down;
    this.#budget.perDay = this.#choices.uploadPerDay;
    for (const site of this.#parts.projects) this.addProject(site);
    // What is here is known first, so that a node is told once.
    await Promise.allSettled(this.#projects.all.map((hosted) => hosted.read()));
    if (this.#stopped) return;
    this.#connection.open();
    this.#started = true;
    // The first of them says what connection this is: before it nothing is decided.
    for (const data of this.#waiting.splice(0)) this.take(data);
    this.#decide();
    // Pages that were here before say hello again: a host in a tab may follow one in another.
    this.#parts.channel.postMessage({ t: "who" });
  }

  /**
   * Asks the node: see Socket.request.
   *
   * @param {Record<string, unknown> & {t: string}} message
   * @returns {Promise<any>}
   */
  request(message) {
    return this.#connection.request(message);
  }

  /**
   * Hosts one more project, as far as the store has it. False where it is hosted already, or where there are too many.
   *
   * @param {HostedSite} site
   * @returns {boolean}
   */
  addProject(site) {
    const hosted = this.#projects.add(site);
    if (hosted === null) return false;
    hosted.keep(this.#choices.keepAll, false);
    hosted.host(this.#hosting === "on");
    if (this.#connection.connected) hosted.connected();
    void hosted.read().catch(() => {});
    return true;
  }

  /** @param {string} project */
  removeProject(project) {
    this.#projects.remove(project);
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
    for (const hosted of this.#projects.all) hosted.close();
    this.#connection.close();
    const told = this.#tell().catch(() => {});
    void told.then(() => {
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
    const hosted = this.#projects.of(project);
    return hosted && { ...this.#ownStatus(bytesIn), project, ...hosted.status };
  }

  /** @param {number} bytesIn */
  #ownStatus(bytesIn) {
    return {
      connected: this.#connection.connected,
      node: this.#connection.node,
      hosting: this.#hosting,
      bytesIn,
      bytesOut: this.#budget.uploaded,
      outToday: this.#budget.today,
      perDay: this.#budget.perDay,
    };
  }

  #touch() {
    if (this.#started) this.#cast.touch();
  }

  async #tell() {
    const bytesIn = Math.max(0, (await this.#bytesDown()) - this.#downBefore);
    for (const project of this.#projects.names) {
      this.#parts.channel.postMessage({ t: "status", ...this.status(project, bytesIn) });
    }
  }

  /** What ever came, by whichever part of the app. */
  async #bytesDown() {
    const { down } = await this.#parts.store.counters.total().catch(() => ({ down: this.#downBefore }));
    return down;
  }

  #connected() {
    for (const hosted of this.#projects.all) hosted.connected();
    void this.#choices.refreshConfig().then(() => {
      this.#budget.perDay = this.#choices.uploadPerDay;
      this.#decide();
    });
    this.#touch();
  }

  #lost() {
    for (const hosted of this.#projects.all) hosted.disconnected();
    this.#touch();
  }

  /**
   * @param {string} hash
   * @param {string} project
   */
  #answer(hash, project) {
    this.#renew();
    return this.#projects.of(project)?.answer(hash) ?? null;
  }

  /** @param {number} bytes */
  #takeUpload(bytes) {
    // Asked after the bytes were read: hosting may have been switched off meanwhile.
    const mayGo = this.#hosting === "on" && this.#budget.take(bytes);
    if (this.#budget.spent) this.#decide();
    this.#touch();
    return mayGo;
  }

  /**
   * @param {string} page
   * @param {boolean} metered
   */
  #hello(page, metered) {
    const isNew = this.#pages.hello(page, metered);
    this.#decide();
    for (const hosted of this.#projects.all) {
      if (isNew) void hosted.visited().catch(() => {});
    }
    this.#connection.hurry();
    this.#touch();
  }

  /** @param {Extract<import("./page_message.js").PageMessage, {t: "stored"}>} message */
  #stored({ site, version, hashes }) {
    for (const hosted of this.#projects.all) {
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
    for (const hosted of this.#projects.all) {
      if (what === "keepAll") hosted.keep(value, true);
      if (what === "storageBytes") hosted.wake();
    }
  }

  /** Finds out whether anything may be uploaded, and acts on it. */
  #decide() {
    if (this.#stopped) return;
    const { policy, hosting: choice } = this.#choices;
    const hosting = decideHosting({
      policy,
      choice,
      metered: this.#pages.metered,
      spent: this.#budget.spent,
    });
    const isOther = hosting !== this.#hosting;
    this.#hosting = hosting;
    for (const hosted of this.#projects.all) {
      if (isOther) hosted.host(hosting === "on");
      else hosted.wake();
    }
    if (hosting === "budget") this.#planTomorrow();
    this.#touch();
  }

  /** A day's budget is there again at midnight. A browser that slept until then notices at its next heartbeat. */
  #planTomorrow() {
    if (this.#tomorrowPlanned) return;
    this.#tomorrowPlanned = true;
    this.#later(this.#budget.untilTomorrow, () => {
      this.#tomorrowPlanned = false;
      this.#renew();
    });
  }

  /** A new day may have begun. */
  #renew() {
    if (this.#hosting === "budget") this.#decide();
  }
}
