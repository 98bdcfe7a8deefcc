// Where the worker is: the project whose origin this is, and what its pages' crowd links are relative to.

import { fetchNodeConfig } from "../host/node_config.js";
import { Links } from "../links/crowd_links.js";
import { isProjectName } from "../protocol/name.js";

/** @typedef {import("./page_answer.js").PageLinks} PageLinks */

/** How long a node's configuration is waited for, where none is remembered: ms. */
const CONFIG_PATIENCE = 2_000;

/** A project's own origin, as its address tells it. */
export class Place {
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
    const { settings } = this.store;
    try {
      const signal = AbortSignal.timeout(CONFIG_PATIENCE);
      const ask = (/** @type {RequestInfo | URL} */ url) => fetch(url, { signal });
      const kept = await settings.get("config", null);
      return (kept ?? (await fetchNodeConfig({ bases: [this.origin], settings, fetch: ask })))?.servers;
    } catch {
      return undefined;
    }
  }
}
