// How much this origin may store. A publisher's sites are the only copy at first, so the landing page takes what the
// browser gives instead of a visitor's modest share.

/** Of what the browser gives, so much; the rest is for the database itself. */
const SHARE = 0.8;

/**
 * @param {import("../store/database.js").Store} store
 * @returns {Promise<void>}
 */
export async function giveRoom(store) {
  const { quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  const room = Math.floor(quota * SHARE);
  if (room > (await store.settings.get("storageBytes"))) await store.settings.set("storageBytes", room);
}
