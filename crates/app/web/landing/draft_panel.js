// The first step of publishing: where the files come from, what they are, what was left out and what is wrong with them.
// It holds the draft; publishing reads it from here.

import { byteSize, counted } from "../view/byte_size.js";
import { make, say } from "../view/make.js";
import { FileEditor } from "./file_editor.js";
import { draftOfDrop, draftOfFiles, FolderError } from "./folder_entries.js";
import { pagePart, showPart } from "./page_part.js";
import { draftOfSample } from "./sample_source.js";

/** @typedef {import("./draft.js").Draft} Draft */

export class DraftPanel {
  /** @type {Draft | null} */
  draft = null;
  #onChange;
  #server;
  /** Counts what was asked for, so that a slow folder does not replace what was chosen after it. */
  #asked = 0;
  #drop = pagePart("drop", HTMLButtonElement);
  #folder = pagePart("folder", HTMLInputElement);
  #problem = pagePart("files-problem", HTMLElement);
  #files = pagePart("draft-files", HTMLDetailsElement);
  #editor = new FileEditor(pagePart("editor", HTMLElement), () => this.#changed());

  /**
   * @param {string} server `HOST:PORT` of this node
   * @param {() => void} onChange
   */
  constructor(server, onChange) {
    this.#server = server;
    this.#onChange = onChange;
    const wholeFolders = "webkitdirectory" in this.#folder;
    if (!wholeFolders) say(this.#drop.querySelector("span") ?? this.#drop, "or press to choose its files");
    this.#drop.addEventListener("click", () => this.#folder.click());
    this.#folder.addEventListener("change", () => void this.#choose());
    pagePart("sample", HTMLButtonElement).addEventListener("click", () => void this.#sample());
    pagePart("draft-other", HTMLButtonElement).addEventListener("click", () => this.take(null));
    this.#files.addEventListener("toggle", () => {
      if (this.#files.open && this.draft) this.#editor.show(this.draft);
    });
    this.#listenForDrops();
  }

  /**
   * Shows a draft, or asks for one.
   * @param {Draft | null} draft
   * @param {{ edit?: boolean }} [how]
   */
  take(draft, { edit = false } = {}) {
    this.#asked += 1;
    this.draft = draft;
    showPart(pagePart("sources", HTMLElement), draft === null);
    showPart(pagePart("draft", HTMLElement), draft !== null);
    this.#files.open = edit && draft !== null;
    if (draft && this.#files.open) this.#editor.show(draft);
    this.#showLeftOut();
    this.#changed();
    (draft ? pagePart("draft-other", HTMLButtonElement) : this.#drop).focus();
  }

  /**
   * Reads a draft, and says what it waits for.
   * @param {string} waiting
   * @param {() => Promise<Draft> | Draft} read
   * @param {{ edit?: boolean }} [how]
   */
  async read(waiting, read, how) {
    this.#asked += 1;
    const asked = this.#asked;
    this.#tell(waiting, "quiet");
    try {
      const draft = await read();
      if (asked === this.#asked) this.take(draft, how);
    } catch (error) {
      if (asked !== this.#asked) return;
      const why = error instanceof Error ? error.message : String(error);
      this.#tell(error instanceof FolderError ? why : `That didn’t work: ${why}.`);
    }
  }

  async #choose() {
    const files = [...(this.#folder.files ?? [])];
    this.#folder.value = "";
    if (files.length > 0) await this.read("Reading the folder…", () => draftOfFiles(files));
  }

  async #sample() {
    await this.read("Fetching the sample site…", () => draftOfSample(this.#server), { edit: true });
  }

  /** A folder may be dropped anywhere: beside the zone the browser would leave the page for it. */
  #listenForDrops() {
    const carriesFiles = (/** @type {DragEvent} */ event) =>
      event.dataTransfer?.types.includes("Files") ?? false;
    document.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      this.#drop.classList.add("over");
    });
    document.addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) this.#drop.classList.remove("over");
    });
    document.addEventListener("drop", (event) => {
      this.#drop.classList.remove("over");
      const dropped = event.dataTransfer;
      if (!dropped || !carriesFiles(event)) return;
      event.preventDefault();
      if (this.#drop.disabled) return;
      const reading = draftOfDrop(dropped);
      void this.read("Reading the folder…", () => reading);
    });
  }

  #changed() {
    const { draft } = this;
    if (draft) {
      const { title } = draft;
      const count = `${counted(draft.count, "file")}, ${byteSize(draft.size)}`;
      say(pagePart("draft-what", HTMLElement), title ? `${title}: ${count}.` : `${count}.`);
    }
    this.#tell(draft?.problems().join(" ") ?? "");
    this.#onChange();
  }

  #showLeftOut() {
    const details = pagePart("draft-left-out", HTMLDetailsElement);
    const leftOut = this.draft?.leftOut ?? [];
    const more = this.draft?.leftOutMore ?? 0;
    showPart(details, leftOut.length > 0);
    details.open = false;
    const [summary, list] = details.children;
    say(summary, `${counted(leftOut.length + more, "name")} left out`);
    const items = leftOut.map(({ path, why }) => make("li", {}, make("code", {}, path), ` ${why}`));
    if (more > 0) items.push(make("li", {}, `and ${more.toLocaleString("en")} more`));
    list.replaceChildren(...items);
  }

  /**
   * @param {string} text
   * @param {"problem" | "quiet"} [kind]
   */
  #tell(text, kind = "problem") {
    this.#problem.className = kind;
    say(this.#problem, text);
  }
}
