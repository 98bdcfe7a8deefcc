// The store of one origin: the verified chunks, what is known of sites, settings and counters. One Store in each
// context (page, worker); all share one IndexedDB. The project's own script may write to it too, so whatever is read is
// checked: shapes here, bytes by their hash, releases by their signature.

import { ChunkStore } from "./chunk_store.js";
import { StoreConnection } from "./connection.js";
import { CounterStore } from "./counters.js";
import { deleteDatabase } from "./layout.js";
import { SettingStore } from "./settings.js";
import { SiteStore } from "./site_store.js";
import { ViewStore } from "./view_store.js";

export class Store {
  /** @param {StoreConnection} connection */
  constructor(connection) {
    this.connection = connection;
    this.settings = new SettingStore(connection);
    this.counters = new CounterStore(connection);
    this.views = new ViewStore(connection);
    this.chunks = new ChunkStore(this);
    this.sites = new SiteStore(this);
  }

  /** Lets go of the database until it is used again. */
  close() {
    this.connection.close();
  }
}

/**
 * The store of this origin. Nothing is opened before its first use.
 *
 * @param {string} [name]
 * @returns {Store}
 */
export function openStore(name = "crowd") {
  return new Store(new StoreConnection(name));
}

/**
 * Deletes everything in the store; who has it open, lets go by itself.
 *
 * @param {string} [name]
 * @returns {Promise<void>}
 */
export async function deleteStore(name = "crowd") {
  await deleteDatabase(name);
}
