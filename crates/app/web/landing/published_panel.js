// The projects that were published from here, one card each, live. It asks for what is to be done; the publisher does it.

import { HostsWatch } from "./hosts_watch.js";
import { pagePart, showPart } from "./page_part.js";
import { ProjectCard } from "./project_card.js";

/** @typedef {import("./publisher_link.js").Health} Health */

export class PublishedPanel {
  /** @type {Map<string, ProjectCard>} */
  #cards = new Map();
  /** @type {Map<string, import("./hosts_watch.js").Hosts | null>} */
  #hosts = new Map();
  /** @type {Health | null} */
  #health = null;
  #links;
  #actions;
  #onHosts;
  #watch = new HostsWatch(
    () => [...this.#cards.keys()],
    (name, hosts) => this.#told(name, hosts),
  );

  /**
   * @param {object} parts
   * @param {import("./project_links.js").ProjectLinks} parts.links
   * @param {import("./project_card.js").CardActions} parts.actions
   * @param {(name: string, hosts: import("./hosts_watch.js").Hosts) => void} parts.onHosts
   */
  constructor({ links, actions, onHosts }) {
    this.#links = links;
    this.#actions = actions;
    this.#onHosts = onHosts;
  }

  /**
   * How many of them this key owns.
   * @param {string | null} owner
   */
  ownedBy(owner) {
    return [...this.#cards.values()].filter(({ record }) => record.owner === owner).length;
  }

  /** Names of the projects that nobody else has all of. */
  get lastHostOf() {
    return [...this.#cards.values()].filter((card) => card.lastHost).map((card) => card.record.name);
  }

  /** @param {import("./publisher_database.js").ProjectRecord[]} records */
  show(records) {
    const before = this.#cards;
    this.#cards = new Map();
    for (const record of records) {
      const card = before.get(record.name) ?? new ProjectCard(record, this.#links, this.#actions);
      card.update(record);
      this.#cards.set(record.name, card);
      this.#refresh(record.name);
    }
    const elements = [...this.#cards.values()].map((card) => card.element);
    const place = pagePart("projects", HTMLElement);
    const same =
      elements.length === place.children.length && elements.every((e, at) => e === place.children[at]);
    if (!same) place.replaceChildren(...elements);
    showPart(pagePart("yours", HTMLElement), elements.length > 0);
    this.#watch.look();
  }

  /** @param {Health} health */
  showHealth(health) {
    const changed = health.hosting.join() !== this.#health?.hosting.join();
    this.#health = health;
    for (const name of this.#cards.keys()) this.#refresh(name);
    if (changed) this.#watch.look();
  }

  /**
   * @param {string} name
   * @param {import("./hosts_watch.js").Hosts | null} hosts
   */
  #told(name, hosts) {
    this.#hosts.set(name, hosts);
    this.#refresh(name);
    if (hosts) this.#onHosts(name, hosts);
  }

  /** @param {string} name */
  #refresh(name) {
    const { connected = false, hosting = [], whole = [] } = this.#health ?? {};
    const here = { connected, hosting: hosting.includes(name), whole: whole.includes(name) };
    this.#cards.get(name)?.showHosts(this.#hosts.get(name) ?? null, here);
  }
}
