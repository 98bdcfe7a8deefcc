// What the manage page shows. It is told everything, and hands on what a person presses.
import { hostingWords, isHostingWanted } from "../badge/hosting_words.js";
import { byteSize, counted } from "../view/byte_size.js";
import { tellFact } from "../view/fact_list.js";
import { onPress, say } from "../view/make.js";
import { namedPart } from "../view/named_part.js";
import { SwitchButton } from "../view/switch_button.js";

/** Milliseconds. */
const TOLD_FOR = 8_000;

/**
 * @typedef {object} ManageOrders
 * @property {(on: boolean) => void} hosting
 * @property {(on: boolean) => void} keepAll
 * @property {(on: boolean) => void} badge
 * @property {() => void} acceptOwner
 * @property {() => void} erase
 */

export class ManageView {
  #kept = namedPart("kept", HTMLElement);
  #given = namedPart("given", HTMLElement);
  #telling = 0;
  #owner = namedPart("owner", HTMLElement);

  /** @param {ManageOrders} orders */
  constructor(orders) {
    const { dataset } = namedPart("manage", HTMLElement);
    // Offline the page may come as it is, with nothing filled in.
    const filled = dataset.project && !dataset.project.includes("{") ? dataset.project : "";
    this.project = filled || location.hostname.split(".", 1)[0];
    say(namedPart("name", HTMLElement), this.project);
    document.title = `${this.project}: storage and hosting`;
    this.hosting = new SwitchButton("Help host this site", orders.hosting);
    this.keepAll = new SwitchButton("Keep all of it", orders.keepAll);
    this.badge = new SwitchButton("Show the badge on its pages", orders.badge);
    namedPart("hosting", HTMLElement).append(this.hosting.button);
    namedPart("keep-all", HTMLElement).append(this.keepAll.button);
    namedPart("badge", HTMLElement).append(this.badge.button);
    onPress(namedPart("stop", HTMLElement), () => orders.hosting(false));
    onPress(namedPart("delete", HTMLElement), orders.erase);
    onPress(namedPart("accept", HTMLElement), orders.acceptOwner);
  }

  /**
   * @param {import("./kept_site.js").KeptSite} kept
   * @param {number} budget bytes
   */
  showKept({ site, versions, bytes, stored, files, filesDone, size }, budget) {
    const shown = site?.active || site?.newest;
    const some = `Version ${shown} is here: ${filesDone.toLocaleString("en")} of ${counted(files, "file")}.`;
    const here =
      filesDone === files && files > 0 ? `All of version ${shown} is here. It opens offline.` : some;
    say(namedPart("summary", HTMLElement), shown ? here : "Nothing of this site is kept in this browser.");
    tellFact(this.#kept, "Version", shown ? String(shown) : "none");
    tellFact(this.#kept, "Kept versions", versions.length ? versions.join(", ") : "none");
    tellFact(
      this.#kept,
      "Files",
      files ? `${filesDone.toLocaleString("en")} of ${files.toLocaleString("en")}` : "none",
    );
    tellFact(this.#kept, "Size of the site", size ? byteSize(size) : "unknown");
    tellFact(this.#kept, "Stored", `${byteSize(bytes)} of ${byteSize(budget)}`);
    if (stored > bytes) tellFact(this.#kept, "Parts of other sites", byteSize(stored - bytes));
    tellFact(this.#kept, "Owner’s key", site?.owner ?? "unknown");
  }

  /**
   * @param {{today: {down: number, up: number}, total: {down: number, up: number}}} traffic
   * @param {number} perDay bytes
   */
  showGiven({ today, total }, perDay) {
    tellFact(this.#given, "Given today", `${byteSize(today.up)} of ${byteSize(perDay)}`);
    tellFact(this.#given, "Given in all", byteSize(total.up));
    tellFact(this.#given, "Received today", byteSize(today.down));
    tellFact(this.#given, "Received in all", byteSize(total.down));
  }

  /** @param {import("../badge/host_status.js").HostNews} news of a host that runs */
  showHost({ connected, peers }) {
    tellFact(this.#given, "Hosts now", connected ? String(peers) : "offline");
  }

  /**
   * @param {import("./told_choices.js").ToldChoices} choices
   * @param {import("../badge/host_status.js").HostingState} hosting
   * @param {boolean} isAllHere
   */
  showChoices({ keepAll, badge }, hosting, isAllHere) {
    this.hosting.show(isHostingWanted(hosting), hostingWords(hosting), hosting === "never");
    const words = isAllHere ? "All of it is here." : "The rest comes while the site is open.";
    this.keepAll.show(keepAll, keepAll ? words : "Then the whole site opens offline.");
    this.badge.show(badge, "A small mark in the lower corner, with these switches.");
  }

  /**
   * @param {string} known
   * @param {string} offered empty where there is nothing to decide
   */
  showOwners(known, offered) {
    this.#owner.hidden = offered === "";
    say(namedPart("owner-known", HTMLElement), known);
    say(namedPart("owner-offered", HTMLElement), offered);
  }

  /** @param {string} text that is shown for a while */
  tell(text) {
    const place = namedPart("say", HTMLElement);
    say(place, text);
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => say(place, ""), TOLD_FOR);
  }

  /** Nothing is left to manage. */
  showNothing() {
    for (const part of document.querySelectorAll("main > :not(.title, .toast)")) part.remove();
    const words =
      "Nothing of this site is left in this browser. Opening it brings it back as if for the first time.";
    say(namedPart("summary", HTMLElement), words);
    this.tell("Deleted.");
    const name = namedPart("name", HTMLElement);
    name.tabIndex = -1;
    name.focus();
  }
}
