// Shows whose key this browser signs with, lets it be copied, taken from a file and deleted, and warns as long as there
// is no other copy.

import { make, say } from "../view/make.js";
import { KeyFileError } from "./key_pem.js";
import { sayMoment } from "./moments.js";
import { makeButton, pagePart, showPart } from "./page_part.js";

/** A key file has some 120 bytes. */
const LARGEST_KEY_FILE = 65_536;
const ONLY_COPY =
  "This browser has the only copy of the key. If its data is cleared, nobody can ever update what the key owns.";

export class KeyPanel {
  #ring;
  #projects;
  #place = pagePart("key", HTMLElement);
  #what = make("p", {});
  #owner = make("code", {});
  #since = make("p", { class: "quiet" });
  #warning = make("p", { class: "note warn" });
  #problem = make("p", { class: "problem", role: "alert", id: "key-problem" });
  #done = make("p", { class: "quiet", role: "status" });
  #file = make("input", { type: "file", accept: ".pem,application/x-pem-file", hidden: "", id: "key-file" });
  #export = makeButton("Export the key", () => this.exportKey());
  #import = makeButton("Import a key", () => this.#file.click());
  #delete = makeButton("Delete the key", () => this.#deleteKey());

  /**
   * @param {import("./key_ring.js").KeyRing} ring
   * @param {() => number} projects how many were published from here with it
   */
  constructor(ring, projects) {
    this.#ring = ring;
    this.#projects = projects;
    this.#file.addEventListener("change", () => void this.#importKey());
    this.#file.setAttribute("aria-label", "A key file");
    this.#import.setAttribute("aria-describedby", "key-problem");
    const row = make("p", { class: "row" }, this.#export, this.#import, this.#delete, this.#file);
    this.#place.append(this.#what, this.#since, this.#warning, row, this.#problem, this.#done);
    const command = make("code", {}, "crowd keys");
    const note = make("p", { class: "quiet" }, "The file is the one that ", command, " exports and imports.");
    this.#place.append(note);
  }

  show() {
    const { record, onlyCopy } = this.#ring;
    showPart(this.#export, record !== null);
    showPart(this.#delete, record !== null);
    showPart(this.#import, record === null);
    showPart(this.#warning, onlyCopy);
    showPart(this.#since, record !== null);
    this.#export.classList.toggle("lesser", !onlyCopy);
    if (!record) {
      this.#what.replaceChildren(
        "There is no key here yet. One is made when you first publish, or take one you have.",
      );
      return;
    }
    say(this.#owner, record.owner);
    this.#what.replaceChildren("You are the owner ", this.#owner);
    const made = `${record.imported ? "Imported" : "Made in this browser"} on ${sayMoment(record.madeAt)}.`;
    const copied = record.exportedAt === null ? "" : ` Exported on ${sayMoment(record.exportedAt)}.`;
    say(this.#since, made + copied);
    say(this.#warning, `${ONLY_COPY} Export it and keep the file where only you can read it.`);
  }

  /** Saves the key as a file. */
  async exportKey() {
    await this.#try(async () => {
      const pem = await this.#ring.export();
      const url = URL.createObjectURL(new Blob([pem], { type: "application/x-pem-file" }));
      make("a", { href: url, download: "crowd-key.pem" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      say(this.#done, "Saved as crowd-key.pem. Whoever has this file owns what you publish.");
    });
  }

  async #importKey() {
    const [file] = this.#file.files ?? [];
    this.#file.value = "";
    if (!file) return;
    await this.#try(async () => {
      if (file.size > LARGEST_KEY_FILE) throw new KeyFileError("That is too large for a key file.");
      await this.#ring.import(await file.text());
      say(this.#done, "The key is here. What it owns can be published from this browser.");
    });
  }

  async #deleteKey() {
    const { onlyCopy } = this.#ring;
    const count = this.#projects();
    const names = count === 1 ? "1 name" : `${count} names`;
    const loss = count > 0 ? ` It owns ${names} that you published from here.` : "";
    const ask = onlyCopy
      ? `${ONLY_COPY}${loss} Delete it for ever, without a copy?`
      : `Delete the key from this browser?${loss} Make sure that you still have the file.`;
    if (!confirm(ask)) return;
    await this.#try(async () => {
      await this.#ring.delete();
      say(this.#done, "The key is deleted from this browser.");
      this.#import.focus();
    });
  }

  /** @param {() => Promise<void>} work */
  async #try(work) {
    say(this.#problem, "");
    say(this.#done, "");
    try {
      await work();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      say(this.#problem, error instanceof KeyFileError ? why : `That didn’t work: ${why}.`);
    }
  }
}
