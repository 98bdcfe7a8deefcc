// The one key of this browser as a publisher: made when it is first needed, taken from a file, written to one, deleted.
// A key is never replaced. Whoever shows it listens here.

import { KeyFileError } from "./key_pem.js";
import { makeOwnerKey, ownerKeyOfPem, pemOfKey } from "./owner_key.js";

/** @typedef {import("./publisher_database.js").KeyRecord} KeyRecord */

export class KeyRing {
  /** @type {KeyRecord | null} */
  record = null;
  #database;
  #onChange;

  /**
   * @param {import("./publisher_database.js").PublisherDatabase} database
   * @param {(mine: boolean) => void} onChange mine: it was changed in this tab
   */
  constructor(database, onChange) {
    this.#database = database;
    this.#onChange = onChange;
  }

  get owner() {
    return this.record?.owner ?? null;
  }

  /** True while nobody could sign any more if this browser lost its data. */
  get onlyCopy() {
    return this.record !== null && this.record.exportedAt === null && !this.record.imported;
  }

  /** Reads what is kept, as after a change in another tab. */
  async load() {
    this.record = await this.#database.key();
    this.#onChange(false);
  }

  /** The key, made now where there is none. */
  async ensure() {
    if (!this.record) await this.#add(await makeOwnerKey(), false);
    if (!this.record) throw new Error("this browser keeps no key");
    return this.record;
  }

  /**
   * @param {string} pem
   * @throws {KeyFileError} for a person to read
   */
  async import(pem) {
    await this.#add(await ownerKeyOfPem(pem), true);
  }

  /** The PEM of the key; from then on it counts as copied. */
  async export() {
    if (!this.record) throw new Error("there is no key");
    const pem = await pemOfKey(this.record.privateKey);
    await this.#database.markExported(this.record.owner, Date.now());
    await this.#reload();
    return pem;
  }

  async delete() {
    await this.#database.deleteKey();
    await this.#reload();
  }

  /**
   * @param {import("./owner_key.js").OwnerKey} key
   * @param {boolean} imported
   */
  async #add(key, imported) {
    const kept = await this.#database.addKey({ ...key, madeAt: Date.now(), exportedAt: null, imported });
    await this.#reload();
    if (!kept && imported && this.owner !== key.owner) {
      throw new KeyFileError("There is a key here already, and a key is never replaced: delete it first.");
    }
  }

  async #reload() {
    this.record = await this.#database.key();
    this.#onChange(true);
  }
}
