// Publishing from this page, put together: key, store, the line to the node, and the panels that show them. Made where
// the browser allows it; landing.js says why not where it doesn't.

import { parseManifest } from "../protocol/manifest.js";
import { openStore } from "../store/database.js";
import { siteId } from "../store/site_store.js";
import { KeyPanel } from "./key_panel.js";
import { KeyRing } from "./key_ring.js";
import { LeaveGuard } from "./leave_guard.js";
import { newestRelease } from "./newest_release.js";
import { pagePart, showPart } from "./page_part.js";
import { Publication } from "./publication.js";
import { PublishPanel } from "./publish_panel.js";
import { PublishedPanel } from "./published_panel.js";
import { PublisherDatabase } from "./publisher_database.js";
import { PUBLISHER_LOCK, PublisherHost, whenElected } from "./publisher_host.js";
import { PublisherLink } from "./publisher_link.js";
import { giveRoom } from "./storage_room.js";
import { draftOfVersion } from "./version_source.js";

/** @typedef {import("./publish_panel.js").Work} Work */

export class Publisher {
  #store = openStore();
  #guard = new LeaveGuard(PUBLISHER_LOCK);
  #database;
  #ring;
  #link;
  #keys;
  #form;
  #published;

  /**
   * @param {object} parts
   * @param {PublisherDatabase} parts.database
   * @param {import("./project_links.js").ProjectLinks} parts.links
   * @param {(health: import("./publisher_link.js").Health) => void} parts.onHealth
   */
  constructor({ database, links, onHealth }) {
    this.#database = database;
    this.#ring = new KeyRing(database, (mine) => this.#keyChanged(mine));
    this.#form = new PublishPanel({
      server: location.host,
      links,
      owner: () => this.#ring.owner,
      find: newestRelease,
      publish: (site) =>
        this.#work(async (publication) => publication.ofFiles({ ...site, key: await this.#ring.ensure() })),
      onBusy: (busy) => this.#busy(busy),
      onlyCopy: () => this.#ring.onlyCopy,
      onExport: () => this.#keys.exportKey(),
    });
    this.#published = new PublishedPanel({
      links,
      actions: {
        again: (name) => this.#again(name),
        edit: (name, version) => void this.#edit(name, version),
        host: (name, hosting) => void this.#host(name, hosting),
        forget: (name) => void this.#forget(name),
        rollBack: (name, version) => void this.#rollBack(name, version),
        versions: (name) => this.#versions(name),
      },
      onHosts: (name, hosts) => this.#counted(name, hosts),
    });
    this.#keys = new KeyPanel(this.#ring, () => this.#published.ownedBy(this.#ring.owner));
    this.#link = new PublisherLink({
      onHealth: (health) => {
        onHealth(health);
        this.#published.showHealth(health);
      },
      onChanged: () => void this.#load(),
    });
  }

  /** Shows it, and hosts what was published before. */
  async start() {
    await this.#load();
    for (const id of ["publisher", "keys"]) showPart(pagePart(id, HTMLElement), true);
    whenElected(() => new PublisherHost({ store: this.#store, database: this.#database }));
  }

  async #load() {
    await this.#ring.load();
    this.#published.show(await this.#database.projects());
  }

  /**
   * @param {(publication: Publication) => Promise<import("./publication.js").Published>} act
   * @returns {Work}
   */
  #work(act) {
    return async (onStage, signal) => {
      await giveRoom(this.#store);
      const publication = new Publication({
        store: this.#store,
        database: this.#database,
        publish: (release) => this.#link.publish(release),
        onStage,
        signal,
      });
      const published = await act(publication);
      await this.#changed();
      void navigator.storage?.persist?.().catch(() => false);
      return published;
    };
  }

  /** Something that is kept is another now: here and in the other tabs. */
  async #changed() {
    this.#link.changed();
    this.#published.show(await this.#database.projects());
  }

  /** @param {boolean} mine */
  #keyChanged(mine) {
    this.#keys.show();
    this.#form.names.look();
    this.#form.keyChanged();
    const { owner } = this.#ring;
    const says = owner
      ? `It is signed with your key ${owner.slice(0, 8)}…`
      : "A key is made for you, which signs what you publish.";
    pagePart("signing-key", HTMLElement).textContent = says;
    if (mine) this.#link.changed();
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.#guard.busy = busy;
    pagePart("yours", HTMLElement).inert = busy;
  }

  /** @param {string} name */
  #again(name) {
    this.#form.again(name);
    this.#form.drafts.take(null);
  }

  /**
   * @param {string} name
   * @param {number} version
   */
  async #edit(name, version) {
    this.#form.again(name);
    const read = () => draftOfVersion({ store: this.#store, database: this.#database, name, version });
    await this.#form.drafts.read("Putting its files together…", read, { edit: true });
  }

  /**
   * @param {string} name
   * @param {number} version
   */
  async #rollBack(name, version) {
    const work = this.#work(async (publication) =>
      publication.ofVersion({ name, version, key: await this.#ring.ensure() }),
    );
    this.#form.again(name);
    await this.#form.run(name, false, work);
  }

  /**
   * @param {string} name
   * @param {boolean} hosting
   */
  async #host(name, hosting) {
    if (!hosting && this.#published.lastHostOf.includes(name)) {
      if (!confirm(`Nobody else has all of ${name}. Stop hosting it, so that nobody can open it?`)) return;
    }
    await this.#database.setHosting(name, hosting);
    await this.#changed();
  }

  /** @param {string} name */
  async #forget(name) {
    const last = this.#published.lastHostOf.includes(name)
      ? " Nobody else has all of it: nobody could open it then."
      : "";
    const ask = `Remove ${name}, its files and its history from this browser?${last} The name stays yours.`;
    if (!confirm(ask)) return;
    await this.#database.forget(name);
    await this.#store.sites.remove(siteId(null, name));
    await this.#changed();
  }

  /**
   * @param {string} name
   * @returns {Promise<import("./version_history.js").HistoryRow[]>}
   */
  async #versions(name) {
    const versions = await this.#database.versions(name);
    return Promise.all(
      versions.map(async (record) => ({ ...record, missing: await this.#missing(name, record.version) })),
    );
  }

  /**
   * How many chunks of a version are not here any more.
   * @param {string} name
   * @param {number} version
   */
  async #missing(name, version) {
    const bytes = await this.#database.manifest(name, version);
    if (!bytes) return 1;
    const here = await this.#store.chunks.hasAll(parseManifest(bytes, name).hashes());
    return here.filter((is) => !is).length;
  }

  /**
   * @param {string} name
   * @param {import("./hosts_watch.js").Hosts} hosts
   */
  #counted(name, hosts) {
    if (this.#link.health?.hosting.includes(name)) this.#form.hosted(name, hosts.all);
    this.#guard.lastHost = this.#published.lastHostOf.length > 0;
  }
}
