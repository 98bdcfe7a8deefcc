// Which versions of a site are forgotten when a newer one is accepted: all but what is shown, what is the newest, what an
// open page was opened with, and the last few before. What they needed belongs to nothing then, and makes room first.

import { resultOf } from "./connection.js";

/** Versions that stay whatever they are: one may be on its way to be shown while the next one comes. */
const RECENT_VERSIONS = 8;
/** Versions that are forgotten at once; where there are more, the next time goes on. */
const MOST_FORGOTTEN = 1_024;

/** The object stores that a transaction needs for it. */
export const VERSION_STORES = ["sites", "releases", "views"];

/**
 * @param {IDBTransaction} transaction
 * @param {{id: string, active: number, newest: number}} site
 */
export async function forgetOldVersions(transaction, { id, active, newest }) {
  const releases = transaction.objectStore("releases");
  const range = IDBKeyRange.bound([id, 0], [id, Infinity]);
  const keys = await resultOf(releases.getAllKeys(range, MOST_FORGOTTEN));
  const old = keys.slice(0, -RECENT_VERSIONS);
  if (old.length === 0) return;
  // Pages are of this origin's own project alone.
  const views = id === "" ? await resultOf(transaction.objectStore("views").getAll()) : [];
  const kept = new Set([active, newest, ...views.map((view) => view?.version)]);
  for (const key of old) {
    if (Array.isArray(key) && !kept.has(key[1])) releases.delete(key);
  }
}
