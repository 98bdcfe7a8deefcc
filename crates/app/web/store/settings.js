// What the person and the node chose, by name. What is read is checked: a setting of another shape counts as unset.

import { CrowdError } from "../protocol/crowd_error.js";
import { resultOf } from "./connection.js";

/**
 * @typedef {object} NodeConfig what a node's config.json says
 * @property {"notice" | "ask" | "off"} hosting
 * @property {string | null} domain
 * @property {string} node
 * @property {string[]} servers
 * @property {number} upload_bytes_per_day
 */

/**
 * @typedef {object} Settings
 * @property {"on" | "off"} hosting
 * @property {boolean} keepAll
 * @property {"shown" | "hidden"} badge
 * @property {number} uploadPerDay bytes
 * @property {number} storageBytes
 * @property {NodeConfig} config
 * @property {string[]} nodes http bases of the cluster's nodes
 */

/** Bytes that a project may send in a day, and store, unless the person says otherwise. */
const DEFAULT_BYTES = 512 * 1024 * 1024;

const MOST_LISTED = 64;

/** @param {unknown} value */
function isBytes(value) {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** @param {unknown} value */
function isShortTextList(value) {
  const short = (/** @type {unknown} */ text) => typeof text === "string" && text.length <= 512;
  return Array.isArray(value) && value.length <= MOST_LISTED && value.every(short);
}

/**
 * True for what a node's config.json may say.
 *
 * @param {any} value
 * @returns {value is NodeConfig}
 */
export function isNodeConfig(value) {
  if (typeof value !== "object" || value === null) return false;
  const { hosting, domain, node, servers, upload_bytes_per_day } = value;
  return (
    ["notice", "ask", "off"].includes(hosting) &&
    (domain === null || (typeof domain === "string" && domain.length <= 253)) &&
    typeof node === "string" &&
    isShortTextList(servers) &&
    isBytes(upload_bytes_per_day)
  );
}

/** @type {Record<string, (value: unknown) => boolean>} */
const SETTING_SHAPES = {
  hosting: (value) => value === "on" || value === "off",
  keepAll: (value) => typeof value === "boolean",
  badge: (value) => value === "shown" || value === "hidden",
  uploadPerDay: isBytes,
  storageBytes: isBytes,
  config: isNodeConfig,
  nodes: isShortTextList,
};

/** @type {Record<string, unknown>} */
const SETTING_DEFAULTS = {
  uploadPerDay: DEFAULT_BYTES,
  storageBytes: DEFAULT_BYTES,
};

export class SettingStore {
  #connection;

  /** @param {import("./connection.js").StoreConnection} connection */
  constructor(connection) {
    this.#connection = connection;
  }

  /**
   * The setting; where it is unset or no such setting, `otherwise`, or its own default.
   *
   * @param {keyof Settings | string} name
   * @param {unknown} [otherwise]
   * @returns {Promise<any>} of the shape that Settings names
   */
  async get(name, otherwise) {
    const value = await this.#connection.run(["settings"], "readonly", (transaction) =>
      resultOf(transaction.objectStore("settings").get(name)),
    );
    const sound = value !== undefined && SETTING_SHAPES[name]?.(value);
    if (sound) return value;
    return otherwise === undefined ? SETTING_DEFAULTS[name] : otherwise;
  }

  /**
   * Keeps the setting; undefined unsets it. A value of another shape is not kept, and throws.
   *
   * @param {keyof Settings | string} name
   * @param {unknown} value
   * @returns {Promise<void>}
   */
  async set(name, value) {
    if (value !== undefined && !SETTING_SHAPES[name]?.(value)) {
      throw new CrowdError("internal", `that is no value of the setting ${name}`);
    }
    await this.#connection.run(["settings"], "readwrite", async (transaction) => {
      const settings = transaction.objectStore("settings");
      if (value === undefined) settings.delete(name);
      else settings.put(value, name);
    });
  }
}
