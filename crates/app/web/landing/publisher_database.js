// What this browser knows as a publisher: its key, and which projects and versions were published from here. An
// IndexedDB of its own at the landing page's origin, where no project's code runs. It never leaves this browser.

const PUBLISHER_DATABASE = "crowd-publisher";
const PUBLISHER_STORES = ["keys", "projects", "versions", "manifests"];
/** Of a project, so many versions can be rolled back to. */
const MOST_VERSIONS_KEPT = 100;

/**
 * @typedef {object} KeyRecord
 * @property {CryptoKey} privateKey
 * @property {string} owner base64url of the public key
 * @property {number} madeAt
 * @property {number | null} exportedAt
 * @property {boolean} imported
 */
/**
 * @typedef {object} ProjectRecord
 * @property {string} name
 * @property {string} owner
 * @property {number} version the newest that was published from here
 * @property {string} manifest its hash
 * @property {number} at when it was published
 * @property {boolean} hosting whether this browser is to host it
 */
/**
 * @typedef {object} VersionRecord
 * @property {string} name
 * @property {number} version
 * @property {string} manifest its hash
 * @property {string} created as the release says
 * @property {number} files
 * @property {number} size bytes
 * @property {number | null} of the version that was published again
 */

export class PublisherDatabase {
  #db;

  /** @param {IDBDatabase} db */
  constructor(db) {
    this.#db = db;
  }

  /** @returns {Promise<PublisherDatabase>} */
  static async open() {
    const request = indexedDB.open(PUBLISHER_DATABASE, 1);
    request.onupgradeneeded = () => {
      for (const name of PUBLISHER_STORES) request.result.createObjectStore(name);
    };
    const db = await answered(request);
    db.onversionchange = () => db.close();
    return new PublisherDatabase(db);
  }

  /** @returns {Promise<KeyRecord | null>} */
  async key() {
    return this.#run(["keys"], "readonly", async (keys) => (await answered(keys.get("owner"))) ?? null);
  }

  /**
   * Keeps a key where there is none; false where there is one.
   * @param {KeyRecord} record
   */
  async addKey(record) {
    return this.#run(["keys"], "readwrite", async (keys) => {
      if ((await answered(keys.count("owner"))) > 0) return false;
      keys.add(record, "owner");
      return true;
    });
  }

  /**
   * Notes that there is another copy now.
   * @param {string} owner
   * @param {number} at
   */
  async markExported(owner, at) {
    await this.#run(["keys"], "readwrite", async (keys) => {
      const record = await answered(keys.get("owner"));
      if (record?.owner === owner) keys.put({ ...record, exportedAt: at }, "owner");
    });
  }

  async deleteKey() {
    await this.#run(["keys"], "readwrite", async (keys) => void keys.delete("owner"));
  }

  /** @returns {Promise<ProjectRecord[]>} the newest first */
  async projects() {
    /** @type {ProjectRecord[]} */
    const all = await this.#run(["projects"], "readonly", (projects) => answered(projects.getAll()));
    return all.sort((a, b) => b.at - a.at);
  }

  /**
   * What was published, as the newest version of its project.
   * @param {VersionRecord} record
   * @param {Uint8Array<ArrayBuffer>} manifestBytes
   * @param {string} owner
   * @param {number} at
   */
  async published(record, manifestBytes, owner, at) {
    const { name, version, manifest } = record;
    /** @type {ProjectRecord} */
    const project = { name, owner, version, manifest, at, hosting: true };
    await this.#run(
      ["versions", "manifests", "projects"],
      "readwrite",
      async (versions, manifests, projects) => {
        versions.put(record, [name, version]);
        manifests.put(manifestBytes, [name, version]);
        projects.put(project, name);
        const known = await answered(versions.getAllKeys(versionsOf(name)));
        for (const old of known.slice(0, -MOST_VERSIONS_KEPT)) {
          versions.delete(old);
          manifests.delete(old);
        }
      },
    );
  }

  /**
   * @param {string} name
   * @param {boolean} hosting
   */
  async setHosting(name, hosting) {
    await this.#run(["projects"], "readwrite", async (projects) => {
      const record = await answered(projects.get(name));
      if (record) projects.put({ ...record, hosting }, name);
    });
  }

  /**
   * @param {string} name
   * @returns {Promise<VersionRecord[]>} the newest first
   */
  async versions(name) {
    const all = await this.#run(["versions"], "readonly", (versions) =>
      answered(versions.getAll(versionsOf(name))),
    );
    return all.reverse();
  }

  /**
   * The manifest of a version that was published from here.
   * @param {string} name
   * @param {number} version
   * @returns {Promise<Uint8Array<ArrayBuffer> | null>}
   */
  async manifest(name, version) {
    return this.#run(
      ["manifests"],
      "readonly",
      async (all) => (await answered(all.get([name, version]))) ?? null,
    );
  }

  /** @param {string} name */
  async forget(name) {
    await this.#run(
      ["versions", "manifests", "projects"],
      "readwrite",
      async (versions, manifests, projects) => {
        versions.delete(versionsOf(name));
        manifests.delete(versionsOf(name));
        projects.delete(name);
      },
    );
  }

  /**
   * One transaction; what it wrote is on its way to the disk when this resolves.
   * @template T
   * @param {string[]} names
   * @param {IDBTransactionMode} mode
   * @param {(...stores: IDBObjectStore[]) => Promise<T>} work
   * @returns {Promise<T>}
   */
  async #run(names, mode, work) {
    const transaction = this.#db.transaction(names, mode);
    const ended = new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(undefined);
      transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([work(...names.map((name) => transaction.objectStore(name))), ended]);
    return result;
  }
}

/** @param {string} name */
function versionsOf(name) {
  return IDBKeyRange.bound([name, 0], [name, Number.MAX_SAFE_INTEGER]);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answered(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
