// What the node says about hosting (`/.crowd/config.json`), remembered for when it can't be reached. Read by Host at its
// start and at each connection.

import { isNodeConfig } from "../store/settings.js";

/** @typedef {import("../store/settings.js").NodeConfig} NodeConfig */
/** @typedef {import("../store/settings.js").SettingStore} SettingStore */

/** A configuration is a few hundred bytes. */
const LONGEST_CONFIG = 65_536;
const CONFIG_PATIENCE_MS = 10_000;

/**
 * Asks one node after the other, and remembers the first answer.
 *
 * @param {object} parts
 * @param {string[]} parts.bases
 * @param {SettingStore} parts.settings
 * @param {typeof globalThis.fetch} parts.fetch
 * @returns {Promise<NodeConfig | null>} null where none answered
 */
export async function fetchNodeConfig({ bases, settings, fetch }) {
  for (const base of bases) {
    try {
      const signal = AbortSignal.timeout(CONFIG_PATIENCE_MS);
      const answer = await fetch(`${base}/.crowd/config.json`, {
        signal,
        credentials: "omit",
      });
      const text = answer.ok ? await answer.text() : "";
      const config = text.length <= LONGEST_CONFIG ? JSON.parse(text) : null;
      if (!isNodeConfig(config)) continue;
      await settings.set("config", config).catch(() => {});
      return config;
    } catch {
      // The next node may know.
    }
  }
  return null;
}
