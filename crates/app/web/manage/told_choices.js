// What a person chose for this site, as the settings have it. A choice is written there and told to a host, if one runs:
// where none does, the next one reads it when it starts.

/** @typedef {import("../store/database.js").Store} Store */

/**
 * @typedef {object} ToldChoices
 * @property {"on" | "off" | null} hosting
 * @property {boolean} keepAll
 * @property {boolean} badge
 * @property {number} uploadPerDay bytes
 * @property {number} storageBytes
 * @property {"notice" | "ask" | "off"} policy the node's
 */

/**
 * @param {Store} store
 * @returns {Promise<ToldChoices>}
 */
export async function readChoices({ settings }) {
  const config = await settings.get("config", null);
  const usual = await settings.get("uploadPerDay");
  return {
    hosting: await settings.get("hosting", null),
    keepAll: await settings.get("keepAll", false),
    badge: (await settings.get("badge", "shown")) === "shown",
    uploadPerDay: await settings.get("uploadPerDay", config?.upload_bytes_per_day ?? usual),
    storageBytes: await settings.get("storageBytes"),
    policy: config?.hosting ?? "ask",
  };
}

/**
 * @template {"hosting" | "keepAll" | "uploadPerDay" | "storageBytes"} W
 * @param {Store} store
 * @param {BroadcastChannel} channel
 * @param {W} what
 * @param {import("../store/settings.js").Settings[W]} value
 */
export async function choose(store, channel, what, value) {
  channel.postMessage({ t: "set", what, value });
  await store.settings.set(what, value);
  if (what === "keepAll") await store.sites.keep("", value ? "all" : "seen");
}
