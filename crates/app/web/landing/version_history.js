// The versions of one project that were published from here, and the way back to each. Read when somebody opens it.

import { byteSize, counted } from "../view/byte_size.js";
import { make } from "../view/make.js";
import { sayMoment } from "./moments.js";
import { makeButton } from "./page_part.js";

/**
 * `missing`: how many of its chunks are not in this browser any more.
 * @typedef {import("./publisher_database.js").VersionRecord & { missing: number }} HistoryRow
 */

export class VersionHistory {
  #newest = 0;
  element = make("details", { class: "history" });
  #name;
  #actions;
  #list = make("ol", { reversed: "" });

  /**
   * @param {string} name
   * @param {{ versions: (name: string) => Promise<HistoryRow[]>, rollBack: (name: string, version: number) => void }} actions
   */
  constructor(name, actions) {
    this.#name = name;
    this.#actions = actions;
    this.element.append(make("summary", {}, "History"), this.#list);
    this.element.addEventListener("toggle", () => void this.refresh());
  }

  /** @param {number} version the newest, wherever it was published */
  set newest(version) {
    if (version === this.#newest) return;
    this.#newest = version;
    void this.refresh();
  }

  async refresh() {
    if (!this.element.open) return;
    const rows = await this.#actions.versions(this.#name);
    const newest = rows.find(({ version }) => version === this.#newest)?.manifest ?? "";
    this.#list.replaceChildren(...rows.map((row) => this.#row(row, newest)));
  }

  /**
   * @param {HistoryRow} row
   * @param {string} newestManifest empty where it isn't known here
   */
  #row({ version, created, files, size, of, missing, manifest }, newestManifest) {
    const what = `${sayMoment(created)} · ${counted(files, "file")}, ${byteSize(size)}`;
    const item = make(
      "li",
      { value: String(version) },
      make("strong", {}, `Version ${version}`),
      ` ${what} `,
    );
    item.append(make("code", { title: `Manifest ${manifest}` }, manifest.slice(0, 8)));
    if (of !== null) item.append(` as version ${of} was`);
    if (manifest === newestManifest) {
      const is = version === this.#newest ? "newest" : "the same as the newest";
      item.append(make("span", { class: "is-newest" }, is));
    } else if (missing > 0) {
      item.append(
        make("span", { class: "quiet" }, `${counted(missing, "chunk")} of it are not here any more`),
      );
    } else {
      const label = `Roll ${this.#name} back to version ${version}`;
      item.append(makeButton("Roll back to this", () => this.#actions.rollBack(this.#name, version), label));
    }
    return item;
  }
}
