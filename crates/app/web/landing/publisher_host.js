// The one tab that is connected: hosts what was published from here, publishes for all tabs, and tells them how it is.
// Which tab it is, the browser decides by a lock; when that tab is closed the next one takes over from storage.

import { Host } from "../host/host.js";
import { Nodes } from "../net/nodes.js";
import { asCrowdError } from "../protocol/crowd_error.js";
import { parseRelease } from "../protocol/release.js";
import { siteId } from "../store/site_store.js";
import { NodeWatch } from "./node_watch.js";
import { PublishingLine } from "./publishing_line.js";
import { PUBLISHER_CHANNEL } from "./publisher_link.js";

export const PUBLISHER_LOCK = "crowd-publisher";
/** The channel of a host and its pages. */
const HOST_CHANNEL = "crowd";
/** The state of a visit that says that a node knows this browser as a host. */
const READY_STATE = 12;
/** A day's upload is a visitor's bound. Who publishes wants to be read: a TiB is as good as none. */
const PUBLISHER_UPLOAD = 2 ** 40;
/** The host takes over within a second; where it can't, what was published still is. */
const TAKE_OVER_MS = 10_000;
/** Until nodes have noticed that the line is gone, and count one host. */
const COUNTED_MS = 500;
/** Orders that are remembered, so that one asked twice is done once. */
const MOST_ORDERS = 64;

/**
 * @typedef {import("./publisher_link.js").TabMessage} TabMessage
 * @typedef {import("../protocol/release.js").Release} Release
 */

/**
 * Runs a PublisherHost in this tab as soon as no other tab has one, until the tab is closed.
 * @param {() => PublisherHost} make
 */
export function whenElected(make) {
  void navigator.locks.request(PUBLISHER_LOCK, async () => {
    await make().start();
    return new Promise(() => {});
  });
}

export class PublisherHost {
  #store;
  #database;
  #nodes;
  #host;
  #watch = new NodeWatch(({ connected }) => this.#connection(connected));
  #tabs = new BroadcastChannel(PUBLISHER_CHANNEL);
  #states = new BroadcastChannel(HOST_CHANNEL);
  /** Project → version that the node knows this browser as a host of. @type {Map<string, number>} */
  #ready = new Map();
  /** Projects that are to be hosted. @type {Set<string>} */
  #projects = new Set();
  /** Project → the line that answers for it until the host does. @type {Map<string, PublishingLine>} */
  #lines = new Map();
  /** @type {string[]} */
  #orders = [];

  /**
   * @param {object} parts
   * @param {import("../store/database.js").Store} parts.store
   * @param {import("./publisher_database.js").PublisherDatabase} parts.database
   */
  constructor({ store, database }) {
    this.#store = store;
    this.#database = database;
    this.#nodes = new Nodes(location.origin, store.settings);
    this.#host = new Host({
      store,
      channel: new BroadcastChannel(HOST_CHANNEL),
      nodes: this.#nodes,
      projects: [],
      policy: "always",
      world: { openSocket: (url, protocol) => this.#watch.open(url, protocol) },
    });
    this.#tabs.onmessage = ({ data }) => void this.#take(data);
    this.#states.onmessage = ({ data }) => this.#hear(data);
  }

  async start() {
    await this.#store.settings.set("uploadPerDay", PUBLISHER_UPLOAD);
    await this.#host.start();
    await this.#settle();
  }

  /** @param {TabMessage} message */
  async #take(message) {
    if (message.t === "hello") this.#tell();
    else if (message.t === "changed") await this.#settle();
    else if (message.t === "publish") await this.#publish(message.id, message.release);
  }

  /**
   * @param {string} id
   * @param {unknown} json
   */
  async #publish(id, json) {
    this.#send({ t: "taken", id });
    if (this.#orders.includes(id)) return;
    this.#orders = [...this.#orders.slice(1 - MOST_ORDERS), id];
    let error = null;
    try {
      await this.#publishOnce(parseRelease(json));
    } catch (thrown) {
      const { code, message } = asCrowdError(thrown);
      error = { code, message };
    }
    this.#send({ t: "published", id, error });
  }

  /** @param {Release} release */
  async #publishOnce(release) {
    const { project } = release;
    this.#lines.get(project)?.close();
    const urls = () => this.#nodes.bases().map((base) => `${base.replace(/^http/, "ws")}/.crowd/ws`);
    const line = new PublishingLine({ store: this.#store, release, urls });
    this.#lines.set(project, line);
    this.#ready.delete(project);
    try {
      await line.publish();
    } catch (error) {
      this.#endLine(project, line);
      throw error;
    }
    setTimeout(() => this.#endLine(project, line), TAKE_OVER_MS);
  }

  /**
   * @param {string} project
   * @param {PublishingLine | undefined} line
   */
  #endLine(project, line) {
    line?.close();
    if (this.#lines.get(project) === line) this.#lines.delete(project);
  }

  /** Makes what is hosted what the database says. */
  async #settle() {
    const wanted = (await this.#database.projects()).filter(({ hosting }) => hosting);
    const names = new Set(wanted.map(({ name }) => name));
    for (const name of this.#projects) {
      if (names.has(name)) continue;
      this.#host.removeProject(name);
      this.#ready.delete(name);
    }
    for (const { name, version } of wanted) {
      const id = siteId(null, name);
      // One that it has already looks into the store again: there is a newer version.
      if (this.#projects.has(name)) this.#host.take({ t: "stored", site: id, version, hashes: [] });
      else this.#host.addProject({ id, project: name });
    }
    this.#projects = names;
    this.#tell();
  }

  /**
   * The host has told something.
   * @param {any} message
   */
  #hear(message) {
    if (message?.t !== "state" || message.state !== READY_STATE) return;
    const { project, version } = message.detail ?? {};
    if (!this.#projects.has(project)) return;
    const line = this.#lines.get(project);
    if (line && version < line.version) return;
    this.#ready.set(project, version);
    this.#endLine(project, line);
    setTimeout(() => this.#tell(), line ? COUNTED_MS : 0);
  }

  /** @param {boolean} connected */
  #connection(connected) {
    if (!connected) this.#ready.clear();
    this.#tell();
  }

  #tell() {
    const hosting = [...this.#ready.keys()];
    const whole = hosting.filter((project) => {
      const { haveChunks, allChunks } = this.#host.status(project) ?? {};
      return haveChunks === allChunks;
    });
    this.#send({ t: "health", health: { ...this.#watch.health, hosting, whole } });
  }

  /** @param {TabMessage} message */
  #send(message) {
    this.#tabs.postMessage(message);
  }
}
