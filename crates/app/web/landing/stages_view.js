// Shows how far a publication is: hashing, signing, published, hosted.

import { byteSize, counted } from "../view/byte_size.js";
import { say } from "../view/make.js";
import { pagePart, showPart } from "./page_part.js";

/** @typedef {"hashing" | "signing" | "published" | "hosted"} StageName */

const STAGE_NAMES = /** @type {const} */ (["hashing", "signing", "published", "hosted"]);

export class StagesView {
  #list = pagePart("stages", HTMLElement);
  #extent = "";
  #bar = pagePart("hashed", HTMLProgressElement);

  hide() {
    showPart(this.#list, false);
  }

  /**
   * A publication begins.
   * @param {boolean} hashes false where only an earlier version is published again
   */
  begin(hashes) {
    for (const name of STAGE_NAMES) this.#set(name, "", "");
    this.#bar.value = 0;
    showPart(this.#item("hashing"), hashes);
    showPart(this.#bar, true);
    showPart(this.#list, true);
  }

  /** @param {import("./publication.js").Stage} now */
  show(now) {
    if (now.stage === "hashing") {
      this.#bar.value = now.ofBytes > 0 ? now.bytes / now.ofBytes : now.files / now.ofFiles;
      this.#extent = `${byteSize(now.ofBytes)}, ${counted(now.ofFiles, "file")}`;
      const files = `${now.files.toLocaleString("en")} of ${counted(now.ofFiles, "file")}`;
      this.#set(
        "hashing",
        "now",
        `${byteSize(now.bytes)} of ${byteSize(now.ofBytes)}, ${files}. ${now.path}`,
      );
    } else if (now.stage === "signing") {
      this.#bar.value = 1;
      showPart(this.#bar, false);
      this.#set("hashing", "done", this.#extent);
      this.#set("signing", "now", "");
    } else {
      this.#set("signing", "done", "");
      this.#set("published", "now", `Giving version ${now.version} to the node…`);
    }
  }

  /** @param {string} told */
  published(told) {
    this.#set("published", "done", told);
    this.hosted(0);
  }

  /** @param {number} hosts that have all of it */
  hosted(hosts) {
    if (hosts === 0) this.#set("hosted", "now", "Announcing it…");
    else this.#set("hosted", "done", hosts === 1 ? "by this browser" : `by ${hosts.toLocaleString("en")}`);
  }

  /** It ended where it stood. */
  failed() {
    for (const name of STAGE_NAMES) {
      if (this.#item(name).dataset.state === "now") this.#set(name, "failed", "");
    }
    showPart(this.#bar, false);
  }

  /**
   * @param {StageName} name
   * @param {"" | "now" | "done" | "failed"} state
   * @param {string} told
   */
  #set(name, state, told) {
    const item = this.#item(name);
    item.dataset.state = state;
    if (state === "now") item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
    const place = item.querySelector(".told");
    if (place) say(place, told);
  }

  /**
   * @param {StageName} name
   * @returns {HTMLElement}
   */
  #item(name) {
    const item = this.#list.querySelector(`[data-stage="${name}"]`);
    if (!(item instanceof HTMLElement)) throw new Error(`the page has no stage ${name}`);
    return item;
  }
}
