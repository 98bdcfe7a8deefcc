// Where the worker is: the project whose origin this is, and what its pages' crowd links are relative to.

import { fetchNodeConfig } from "../host/node_config.js";
import { Links } from "../links/crowd_links.js";
import { isProjectName } from "../protocol/name.js";

/** @typedef {import("./page_answer.js").PageLinks} PageLinks */

/** How long a page waits for a node's configuration, where none is remembered: ms. */
const CONFIG_PATIENCE = 200;

/** A project's own origin, as its address tells it. */
export class Place {
  /** @type {Promise<void> | undefined} */
  #asking;

  /**
   * @param {{origin: string, host: string, protocol: string}} location
   * @param {import("../store/database.js").Store} store
   */
  constructor({ origin, host, protocol }, store) {
    const [project] = host.split(".", 1);
    this.origin = origin;
    this.project = project;
    this.base = host.slice(project.length + 1);
    this.scheme = protocol.replace(":", "");
    this.store = store;
    /** @type {string[] | undefined} */
    this.servers = undefined;
  }

  /** False where this is no project's origin: then the worker leaves everything to the network. */
  get isProject() {
    return isProjectName(this.project) && this.base !== "";
  }

  /** @returns {Promise<PageLinks>} */
  async linkOptions() {
    const { project, base, scheme } = this;
    this.servers ??= await this.#readServers();
    return { project, base, scheme, servers: this.servers ?? [], form: "own" };
  }

  /** Links as the pages of this project have them. */
  async links() {
    return new Links({ ...(await this.linkOptions()), controlled: true });
  }

  /**
   * What addresses may name to mean this cluster: the host remembers it; before its first time a node is asked.
   * @returns {Promise<string[] | undefined>} undefined where nobody knows: links to other names of this cluster then
   *   go the long way round
   */
  async #readServers() {
    const kept = await this.store.settings.get("config", null).catch(() => null);
    if (kept) return kept.servers;
    // An answer that comes too late is remembered for the next page.
    const late = new Promise((resolve) => setTimeout(resolve, CONFIG_PATIENCE));
    await Promise.race([this.#askNode(), late]);
    return this.servers;
  }

  /** Asks for the configuration, once at a time. */
  #askNode() {
    const { settings } = this.store;
    const ask = globalThis.fetch.bind(globalThis);
    this.#asking ??= fetchNodeConfig({ bases: [this.origin], settings, fetch: ask })
      .then((config) => {
        this.servers = config?.servers;
      })
      .finally(() => {
        this.#asking = undefined;
      });
    return this.#asking;
  }
}
