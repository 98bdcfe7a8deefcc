// The one IndexedDB connection of a Store: opens it when it is needed, opens it again after it was closed or deleted,
// and runs short transactions. What has another layout is deleted and made again.

import { CrowdError } from "../protocol/crowd_error.js";
import { deleteDatabase, isLaidOut, openDatabase, OPENING_PATIENCE_MS, storeError } from "./layout.js";

/**
 * The result of one request.
 *
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
export function resultOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class StoreConnection {
  /** @type {Promise<IDBDatabase> | null} */
  #opening = null;

  /**
   * @param {string} name of the database
   * @param {number} [patienceMs]
   */
  constructor(name, patienceMs = OPENING_PATIENCE_MS) {
    this.name = name;
    this.patienceMs = patienceMs;
  }

  /**
   * Runs `work` in one transaction and resolves with what it gives once all of it is on its way to the disk. Within it
   * only results of its own requests may be awaited. Where it throws, nothing of it is kept.
   *
   * @template T
   * @param {string[]} stores
   * @param {"readonly" | "readwrite"} mode
   * @param {(transaction: IDBTransaction) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async run(stores, mode, work) {
    try {
      return await this.#attempt(stores, mode, work);
    } catch (error) {
      const closed =
        error instanceof Error && (error.name === "InvalidStateError" || error.name === "NotFoundError");
      if (!closed) throw storeError(error);
    }
    this.close();
    try {
      return await this.#attempt(stores, mode, work);
    } catch (error) {
      throw storeError(error);
    }
  }

  /** Lets go of the database; it is opened again when it is needed. */
  close() {
    const opening = this.#opening;
    this.#opening = null;
    opening?.then(
      (database) => database.close(),
      () => {},
    );
  }

  /**
   * @template T
   * @param {string[]} stores
   * @param {"readonly" | "readwrite"} mode
   * @param {(transaction: IDBTransaction) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #attempt(stores, mode, work) {
    this.#opening ??= this.#open();
    const opening = this.#opening;
    let database;
    try {
      database = await opening;
    } catch (error) {
      if (this.#opening === opening) this.#opening = null;
      throw error;
    }
    const transaction = database.transaction(stores, mode);
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(undefined);
      transaction.onabort = () => reject(transaction.error);
    });
    // Who awaits `ended` comes later, or not at all where the work itself fails.
    ended.catch(() => {});
    try {
      const result = await work(transaction);
      await ended;
      return result;
    } catch (error) {
      abandon(transaction);
      throw transaction.error ?? error;
    }
  }

  async #open() {
    const database = (await this.#openSound()) ?? (await this.#openAnew());
    const opening = this.#opening;
    const letGo = () => {
      if (this.#opening === opening) this.#opening = null;
      database.close();
    };
    database.onversionchange = letGo;
    database.onclose = letGo;
    return database;
  }

  /** The database, or null where what is in its place isn't laid out as it should be. */
  async #openSound() {
    const database = await openDatabase(this.name, this.patienceMs);
    if (database === null || isLaidOut(database)) return database;
    database.close();
    return null;
  }

  async #openAnew() {
    await deleteDatabase(this.name, this.patienceMs);
    const database = await this.#openSound();
    if (database === null) throw new CrowdError("internal", "the database of this site can't be set up");
    return database;
  }
}

/** @param {IDBTransaction} transaction */
function abandon(transaction) {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}
