// Which version of this origin's project each open page was opened with, by client id. Kept by the worker, which the
// browser may stop and start between two requests of one page.

import { isVersion } from "../protocol/release.js";
import { resultOf } from "./connection.js";

const MOST_VIEWS = 512;

export class ViewStore {
  #connection;

  /** @param {import("./connection.js").StoreConnection} connection */
  constructor(connection) {
    this.#connection = connection;
  }

  /**
   * @param {string} clientId
   * @returns {Promise<number | undefined>} the version
   */
  async get(clientId) {
    const record = await this.#record(clientId);
    return isVersion(record?.version) ? record.version : undefined;
  }

  /**
   * True for a page that a node has rendered: also one that is not known.
   *
   * @param {string} clientId
   * @returns {Promise<boolean>}
   */
  async isFromNode(clientId) {
    return (await this.#record(clientId))?.fromNode !== false;
  }

  /** @param {string} clientId */
  #record(clientId) {
    return this.#connection.run(["views"], "readonly", (transaction) =>
      resultOf(transaction.objectStore("views").get(clientId)),
    );
  }

  /**
   * Pins `version` for a page; over 512 of them the oldest are forgotten.
   *
   * @param {string} clientId
   * @param {number} version
   * @param {boolean} [fromNode] a node has rendered it
   * @returns {Promise<void>}
   */
  async set(clientId, version, fromNode = false) {
    await this.#connection.run(["views"], "readwrite", async (transaction) => {
      const views = transaction.objectStore("views");
      views.put({ version, fromNode, at: Date.now() }, clientId);
      if ((await resultOf(views.count())) <= MOST_VIEWS) return;
      const [keys, records] = await Promise.all([resultOf(views.getAllKeys()), resultOf(views.getAll())]);
      const ages = keys.map((key, at) => ({
        key,
        at: Number(records[at]?.at) || 0,
      }));
      ages.sort((a, b) => a.at - b.at);
      for (const { key } of ages.slice(0, ages.length - MOST_VIEWS)) views.delete(key);
    });
  }

  /**
   * Forgets the pages that were listed for the last time longer than `age` ago.
   *
   * @param {Set<string>} listed client ids
   * @param {number} age ms
   * @returns {Promise<void>}
   */
  async dropUnlisted(listed, age) {
    const now = Date.now();
    await this.#connection.run(["views"], "readwrite", async (transaction) => {
      const views = transaction.objectStore("views");
      const [keys, records] = await Promise.all([resultOf(views.getAllKeys()), resultOf(views.getAll())]);
      keys.forEach((key, index) => {
        const { version, fromNode, at } = records[index] ?? {};
        if (typeof key === "string" && listed.has(key)) views.put({ version, fromNode, at: now }, key);
        else if (typeof key !== "string" || !(Math.abs(now - at) <= age)) views.delete(key);
      });
    });
  }
}
