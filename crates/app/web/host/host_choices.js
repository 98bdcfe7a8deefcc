// What the person chose and the node's policy, as the settings have them. Read by Host at its start; what is chosen holds
// at once and is remembered behind it.

import { fetchNodeConfig } from "./node_config.js";

/** @typedef {import("../store/settings.js").NodeConfig} NodeConfig */
/** @typedef {import("../net/nodes.js").Nodes} Nodes */
/** @typedef {{hosting: "on"|"off", keepAll: boolean, uploadPerDay: number, storageBytes: number}} Choices */

/** Bytes a day, where neither person nor node says a number. */
const USUAL_UPLOAD = 512 * 2 ** 20;

export class HostChoices {
  #parts;
  /** @type {NodeConfig | null} */
  #config = null;
  /** @type {Partial<Choices>} */
  #chosen = {};

  /**
   * @param {object} parts
   * @param {import("../store/database.js").Store} parts.store
   * @param {Nodes} parts.nodes
   * @param {"always"} [parts.policy]
   * @param {typeof globalThis.fetch} parts.fetch
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Reads the settings, and asks a node where its policy isn't known yet. */
  async load() {
    await this.#read().catch(() => {});
    if (this.#config === null) await this.refreshConfig();
  }

  async #read() {
    const { settings } = this.#parts.store;
    const [hosting, keepAll, uploadPerDay, config] = await Promise.all([
      settings.get("hosting", null),
      settings.get("keepAll", false),
      settings.get("uploadPerDay", -1),
      settings.get("config", null),
    ]);
    this.#chosen = { hosting: hosting ?? undefined, keepAll };
    if (uploadPerDay >= 0) this.#chosen.uploadPerDay = uploadPerDay;
    this.#config = config;
  }

  /** Asks a node for its policy; where none answers, the one before holds. */
  async refreshConfig() {
    const { store, nodes, fetch } = this.#parts;
    await nodes.load();
    this.#config =
      (await fetchNodeConfig({
        bases: nodes.bases(),
        settings: store.settings,
        fetch,
      })) ?? this.#config;
  }

  /** Until a node was heard nothing goes out that nobody asked for.
   * @returns {"notice"|"ask"|"off"|"always"} */
  get policy() {
    return this.#parts.policy ?? this.#config?.hosting ?? "ask";
  }

  /** @returns {"on"|"off"|null} */
  get hosting() {
    return this.#chosen.hosting ?? null;
  }

  get keepAll() {
    return this.#chosen.keepAll ?? false;
  }

  /** Bytes. */
  get uploadPerDay() {
    return this.#chosen.uploadPerDay ?? this.#config?.upload_bytes_per_day ?? USUAL_UPLOAD;
  }

  /**
   * @template {keyof Choices} W
   * @param {W} what
   * @param {Choices[W]} value
   */
  async choose(what, value) {
    this.#chosen[what] = value;
    const { settings, sites } = this.#parts.store;
    try {
      await settings.set(what, value);
      // So that making room for others leaves it alone.
      if (what === "keepAll") await sites.keep("", value ? "all" : "seen");
    } catch {
      // Where nothing can be kept, it holds as long as this host lives.
    }
  }
}
