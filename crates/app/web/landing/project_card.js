// One project that was published from here: its version, who holds how much of it, and what can be done with it.

import { make, say } from "../view/make.js";
import { sayMoment } from "./moments.js";
import { makeButton, showPart } from "./page_part.js";
import { VersionHistory } from "./version_history.js";

/**
 * @typedef {import("./hosts_watch.js").Hosts} Hosts
 * @typedef {import("./publisher_database.js").ProjectRecord} ProjectRecord
 * @typedef {object} CardActions
 * @property {(name: string) => void} again publish another folder under this name
 * @property {(name: string, version: number) => void} edit
 * @property {(name: string, hosting: boolean) => void} host
 * @property {(name: string) => void} forget
 * @property {(name: string, version: number) => void} rollBack
 * @property {(name: string) => Promise<import("./version_history.js").HistoryRow[]>} versions
 */

export class ProjectCard {
  /** True when no other host has all of it. */
  lastHost = false;
  /** @type {ProjectRecord} */
  record;
  #actions;
  #link;
  #what = make("p", {});
  #elsewhere = make("p", { class: "quiet" });
  #hosted = make("p", { role: "status" });
  #rows = make("tbody");
  #where = make("details", { class: "where" });
  #warning = make("p", { class: "note warn" });
  #host;
  #history;

  /**
   * @param {ProjectRecord} record
   * @param {import("./project_links.js").ProjectLinks} links
   * @param {CardActions} actions
   */
  constructor(record, links, actions) {
    this.record = record;
    this.#actions = actions;
    const { name } = record;
    this.#link = make("a", { href: links.site(name) }, name);
    this.#host = makeButton("", () => actions.host(name, !this.record.hosting));
    this.#history = new VersionHistory(name, actions);
    this.#where.append(make("summary", {}, "On which nodes"), this.#table());
    const crowd = links.crowd(name).replace(/\/$/, "");
    this.#warning.append(
      "Only this tab has all of it. Leave it open, or run ",
      make("code", {}, `crowd host ${crowd}`),
    );
    this.#warning.append(" on a computer that stays on.");
    const title = make("h4", { id: `project-${name}` }, this.#link);
    const parts = [
      title,
      this.#what,
      this.#elsewhere,
      this.#hosted,
      this.#warning,
      this.#where,
      this.#buttons(),
      this.#history.element,
    ];
    this.element = make("article", { class: "project", "aria-labelledby": title.id }, ...parts);
    showPart(this.#where, false);
    showPart(this.#warning, false);
    this.update(record);
  }

  /** @param {ProjectRecord} record */
  update(record) {
    this.record = record;
    say(this.#what, `Version ${record.version}, published ${sayMoment(record.at)}.`);
    say(this.#host, record.hosting ? "Stop hosting" : "Host it again");
    this.#host.setAttribute("aria-label", `${this.#host.textContent}: ${record.name}`);
  }

  /**
   * @param {Hosts | null} hosts null where the node can't say
   * @param {{ connected: boolean, hosting: boolean, whole: boolean }} here whether the node knows this browser as a
   *   host, and of all of it
   */
  showHosts(hosts, here) {
    const { all = 0, part = 0, nodes = [] } = hosts ?? {};
    const newest = Math.max(hosts?.version ?? 0, this.record.version);
    const elsewhere = newest > this.record.version;
    say(
      this.#elsewhere,
      elsewhere ? `Version ${newest} is the newest: it was published from another place.` : "",
    );
    this.#history.newest = newest;
    this.lastHost = here.whole && hosts !== null && all <= 1;
    say(
      this.#hosted,
      here.connected ? sayHosts(hosts, here.hosting) : "Not connected: nobody is served from here.",
    );
    showPart(this.#warning, this.lastHost);
    showPart(this.#where, all + part > 0);
    this.#rows.replaceChildren(
      ...nodes.map((row) => {
        const cells = [row.all, row.part].map((count) => make("td", {}, String(count)));
        return make("tr", {}, make("th", { scope: "row" }, row.node), ...cells);
      }),
    );
  }

  #table() {
    const heads = ["Node", "have all of it", "have part of it"].map((text) =>
      make("th", { scope: "col" }, text),
    );
    return make("table", {}, make("thead", {}, make("tr", {}, ...heads)), this.#rows);
  }

  #buttons() {
    const { name } = this.record;
    const named = (/** @type {string} */ text, /** @type {() => void} */ act) =>
      makeButton(text, act, `${text}: ${name}`);
    const row = make("p", { class: "row" });
    row.append(named("Publish again", () => this.#actions.again(name)));
    row.append(named("Edit its files", () => this.#actions.edit(name, this.record.version)));
    row.append(this.#host);
    row.append(named("Remove from this browser", () => this.#actions.forget(name)));
    return row;
  }
}

/**
 * @param {Hosts | null} hosts
 * @param {boolean} hosting
 */
function sayHosts(hosts, hosting) {
  if (!hosts)
    return hosting ? "Hosted from here. Who else hosts it, the node can’t say now." : "Not hosted from here.";
  const { all, part } = hosts;
  if (all + part === 0) return "Nobody is hosting it now.";
  if (hosting && all + part === 1) return "Hosted by this browser alone.";
  const some = part > 0 ? `, ${part.toLocaleString("en")} with part of it` : "";
  const self = hosting ? "this browser is one of them" : "this browser is not one of them";
  return `Hosted by ${(all + part).toLocaleString("en")}: ${all.toLocaleString("en")} with all of it${some}; ${self}.`;
}
