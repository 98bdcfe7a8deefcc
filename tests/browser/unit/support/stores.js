// A store of its own for each test, in memory, and a back door to its database: what a hostile script would use.

import "fake-indexeddb/auto";
import { deleteStore, openStore } from "../../../../crates/app/web/store/database.js";

let made = 0;

/**
 * A new, empty store, closed and deleted when the test ends.
 *
 * @param {import("node:test").TestContext} test
 */
export function newStore(test) {
  made += 1;
  const name = `crowd-${made}`;
  const store = openStore(name);
  test.after(async () => {
    store.close();
    await deleteStore(name);
  });
  return store;
}

/**
 * Opens the database of a store as a page's own script could.
 *
 * @param {string} name
 * @param {number} [version]
 * @param {(database: IDBDatabase) => void} [upgrade]
 * @returns {Promise<IDBDatabase>}
 */
export function openRaw(name, version, upgrade) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => upgrade?.(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Writes one record behind the store's back.
 *
 * @param {import("../../../../crates/app/web/store/database.js").Store} store
 * @param {string} objectStore
 * @param {IDBValidKey} key
 * @param {unknown} value undefined deletes it
 */
export async function tamper(store, objectStore, key, value) {
  // The store lays the database out.
  await store.settings.get("hosting");
  const database = await openRaw(store.connection.name);
  await new Promise((resolve, reject) => {
    const transaction = database.transaction([objectStore], "readwrite");
    if (value === undefined) transaction.objectStore(objectStore).delete(key);
    else transaction.objectStore(objectStore).put(value, key);
    transaction.oncomplete = () => resolve(undefined);
    transaction.onabort = () => reject(transaction.error);
  });
  database.close();
}

/**
 * Reads one record behind the store's back.
 *
 * @param {{connection: {name: string}}} store
 * @param {string} objectStore
 * @param {IDBValidKey} key
 */
export async function peek(store, objectStore, key) {
  const database = await openRaw(store.connection.name);
  const value = await new Promise((resolve, reject) => {
    const request = database.transaction([objectStore]).objectStore(objectStore).get(key);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  database.close();
  return value;
}

/** What a hostile script may write where a record is expected. */
export const JUNK = [
  null,
  0,
  -1,
  Number.NaN,
  2 ** 60,
  "",
  "x",
  true,
  [],
  [1, [2]],
  {},
  { bytes: "text" },
  { bytes: new Uint8Array(3), size: -5, at: "never" },
  { release: null },
  { release: { version: 1 } },
  { project: "mysite", owner: 5, newest: "7", active: {} },
  new Date(),
  new Map([["a", 1]]),
];
