// What a person has told the badge before, among the store's settings. It reaches for those alone, since a page that
// only shows the badge needs nothing else of the store. Where nothing can be kept, nothing was said.

/**
 * @param {"badge" | "noticed"} name
 * @returns {Promise<string>} empty for what was never said
 */
export async function toldBefore(name) {
  const value = await inSettings("readonly", (settings) => settings.get(name));
  return typeof value === "string" ? value : "";
}

/**
 * @param {"badge" | "noticed"} name
 * @param {string} value
 */
export async function keepInMind(name, value) {
  await inSettings("readwrite", (settings) => settings.put(value, name));
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(settings: IDBObjectStore) => IDBRequest} use
 * @returns {Promise<unknown>}
 */
async function inSettings(mode, use) {
  try {
    const opening = indexedDB.open("crowd", 1);
    // Whoever stores content lays the database out: none is left behind half made.
    opening.onupgradeneeded = () => opening.transaction?.abort();
    const database = await outcomeOf(opening);
    try {
      return await outcomeOf(use(database.transaction("settings", mode).objectStore("settings")));
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function outcomeOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = reject;
  });
}
