// How the database of a store is laid out: opens, checks and deletes it. The project's own script may have made or broken
// it. Used by StoreConnection.

import { asCrowdError, CrowdError } from "../protocol/crowd_error.js";

const STORE_VERSION = 1;
const OBJECT_STORES = ["chunks", "sites", "releases", "views", "settings", "counters"];

/** Finds the size and age of every chunk without reading its bytes. */
export const CHUNK_SIZES = "size_at";

/** Opening and deleting wait for other pages to let go; one that never does must not hang the app. */
export const OPENING_PATIENCE_MS = 5_000;

/**
 * What went wrong in the database, in the app's words.
 *
 * @param {unknown} error
 * @returns {CrowdError}
 */
export function storeError(error) {
  const quota = error instanceof Error && error.name === "QuotaExceededError";
  if (quota)
    return new CrowdError("full", "the browser gives this site no more room", {
      cause: error,
    });
  return asCrowdError(error ?? new Error("the database broke off"));
}

/**
 * The result of opening or deleting, or an error when other pages don't let go.
 *
 * @template T
 * @param {IDBOpenDBRequest} request
 * @param {(database: IDBDatabase) => T} take
 * @param {number} patienceMs
 * @returns {Promise<T>}
 */
function opened(request, take, patienceMs) {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new CrowdError("timeout", "another page holds the database of this site"));
    }, patienceMs);
    request.onsuccess = () => {
      clearTimeout(timer);
      if (late) request.result?.close();
      else resolve(take(request.result));
    };
    request.onerror = () => {
      clearTimeout(timer);
      reject(request.error);
    };
  });
}

/**
 * Deletes a database; every open StoreConnection to it closes by itself.
 *
 * @param {string} name
 * @param {number} [patienceMs]
 * @returns {Promise<void>}
 */
export async function deleteDatabase(name, patienceMs = OPENING_PATIENCE_MS) {
  try {
    await opened(indexedDB.deleteDatabase(name), () => undefined, patienceMs);
  } catch (error) {
    throw storeError(error);
  }
}

/**
 * Whether a database is as openDatabase makes it.
 *
 * @param {IDBDatabase} database
 * @returns {boolean}
 */
export function isLaidOut(database) {
  const names = [...database.objectStoreNames];
  if (!OBJECT_STORES.every((name) => names.includes(name))) return false;
  const transaction = database.transaction(OBJECT_STORES, "readonly");
  const plain = OBJECT_STORES.map((name) => transaction.objectStore(name));
  const sizes = transaction.objectStore("chunks").indexNames.contains(CHUNK_SIZES);
  return sizes && plain.every((store) => store.keyPath === null && !store.autoIncrement);
}

/**
 * Opens a database, and lays out a new one. Null where one of another version is in its place.
 *
 * @param {string} name
 * @param {number} patienceMs
 * @returns {Promise<IDBDatabase | null>}
 */
export async function openDatabase(name, patienceMs) {
  if (typeof indexedDB === "undefined")
    throw new CrowdError("unsupported", "this browser keeps nothing here");
  const request = indexedDB.open(name, STORE_VERSION);
  request.onupgradeneeded = () => {
    for (const store of OBJECT_STORES) {
      const made = request.result.createObjectStore(store);
      if (store === "chunks") made.createIndex(CHUNK_SIZES, ["size", "at"]);
    }
  };
  try {
    return await opened(request, (database) => database, patienceMs);
  } catch (error) {
    if (error instanceof Error && error.name === "VersionError") return null;
    throw error;
  }
}
