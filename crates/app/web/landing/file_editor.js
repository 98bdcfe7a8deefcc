// Shows a draft's files, changes those that are text, adds, renames and deletes. Used by the draft panel; what it does
// is in the draft at once.

import { byteSize } from "../view/byte_size.js";
import { make, say } from "../view/make.js";
import { pathProblem, reasonToLeaveOut } from "./folder_rules.js";
import { isTextFile, mediaType } from "./media_type.js";
import { makeButton, showPart } from "./page_part.js";

/** @typedef {import("./draft.js").Draft} Draft */

/** Larger texts are not for a text field. */
const MOST_TEXT = 1 << 20;
/** More files than this are counted, not listed. */
const MOST_FILES_LISTED = 500;

export class FileEditor {
  #onChange;
  /** @type {Draft | null} */
  #draft = null;
  /** @type {string | null} */
  #open = null;
  /** @type {string | null} */
  #picture = null;
  #list = make("ul", { class: "file-list" });
  #more = make("p", { class: "quiet" });
  #path = make("input", { id: "file-path", type: "text", spellcheck: "false", autocapitalize: "none" });
  #text = make("textarea", { id: "file-text", spellcheck: "false", rows: "16", wrap: "off" });
  #textLabel = make("label", { for: "file-text" }, "Text");
  #shown = make("div", { class: "file-shown" });
  #added = make("input", {
    id: "file-added",
    type: "text",
    placeholder: "about/index.html",
    spellcheck: "false",
  });
  #problem = make("p", { id: "file-problem", class: "problem", role: "alert" });
  #one = make("div", { class: "file-one" });

  /**
   * @param {HTMLElement} parent
   * @param {() => void} onChange
   */
  constructor(parent, onChange) {
    this.#onChange = onChange;
    this.#path.autocomplete = "off";
    this.#added.autocomplete = "off";
    for (const input of [this.#path, this.#added]) {
      input.setAttribute("aria-describedby", "file-problem");
      input.addEventListener("keydown", (event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        if (input === this.#path) this.#rename();
        else this.#add();
      });
    }
    this.#text.addEventListener("input", () => this.#write());
    const renaming = make(
      "div",
      { class: "row" },
      this.#path,
      makeButton("Rename", () => this.#rename()),
    );
    renaming.append(makeButton("Delete", () => this.#delete()));
    this.#one.append(
      make("label", { for: "file-path" }, "Path"),
      renaming,
      this.#textLabel,
      this.#text,
      this.#shown,
    );
    const adding = make(
      "div",
      { class: "row" },
      this.#added,
      makeButton("Add", () => this.#add()),
    );
    const left = make("div", { class: "file-names" }, this.#list, this.#more);
    left.append(make("label", { for: "file-added" }, "Add a file"), adding, this.#problem);
    parent.append(left, this.#one);
  }

  /** @param {Draft} draft */
  show(draft) {
    if (draft !== this.#draft) this.#open = null;
    this.#draft = draft;
    say(this.#problem, "");
    const first = draft.file("index.html")
      ? "index.html"
      : (draft.paths().find(isTextFile) ?? draft.paths()[0]);
    void this.#openFile(this.#open ?? first ?? null);
  }

  /** @param {string | null} path */
  async #openFile(path) {
    this.#open = path;
    this.#showList();
    showPart(this.#one, path !== null);
    if (path === null) return;
    this.#path.value = path;
    const file = this.#draft?.file(path) ?? new Blob();
    const text = isTextFile(path) && file.size <= MOST_TEXT ? await textOfBlob(file) : null;
    if (path !== this.#open) return;
    showPart(this.#text, text !== null);
    showPart(this.#textLabel, text !== null);
    this.#text.value = text ?? "";
    say(this.#textLabel, `Text of ${path}`);
    this.#showOther(path, file, text !== null);
  }

  /**
   * What is no text: a picture of it where it is one.
   * @param {string} path
   * @param {Blob} file
   * @param {boolean} isText
   */
  #showOther(path, file, isText) {
    if (this.#picture) URL.revokeObjectURL(this.#picture);
    this.#picture = null;
    this.#shown.replaceChildren();
    if (isText) return;
    const [type] = mediaType(path).split(";");
    if (type.startsWith("image/")) {
      this.#picture = URL.createObjectURL(new Blob([file], { type }));
      this.#shown.append(make("img", { src: this.#picture, alt: `What ${path} shows` }));
    }
    this.#shown.append(
      make("p", { class: "quiet" }, `${byteSize(file.size)}, ${type}. It can’t be edited here.`),
    );
  }

  #showList() {
    const files = this.#draft?.sized() ?? [];
    const items = files.slice(0, MOST_FILES_LISTED).map(({ path, size }) => {
      const button = make(
        "button",
        { type: "button" },
        make("span", {}, path),
        make("small", {}, byteSize(size)),
      );
      if (path === this.#open) button.setAttribute("aria-current", "true");
      button.addEventListener("click", () => void this.#openFile(path));
      return make("li", {}, button);
    });
    const hadFocus = this.#list.contains(document.activeElement);
    const { scrollTop } = this.#list;
    this.#list.replaceChildren(...items);
    this.#list.scrollTop = scrollTop;
    const current = this.#list.querySelector("[aria-current]");
    current?.scrollIntoView({ block: "nearest" });
    if (hadFocus && current instanceof HTMLElement) current.focus({ preventScroll: true });
    const more = files.length - items.length;
    say(this.#more, more > 0 ? `and ${more.toLocaleString("en")} more files` : "");
  }

  #write() {
    if (!this.#draft || this.#open === null) return;
    this.#draft.write(this.#open, this.#text.value);
    const size = this.#list.querySelector("[aria-current] small");
    if (size) say(size, byteSize(this.#draft.file(this.#open)?.size ?? 0));
    this.#onChange();
  }

  #add() {
    const path = this.#added.value.trim();
    if (!this.#draft || this.#refuses(path, this.#added)) return;
    this.#draft.write(path, "");
    this.#added.value = "";
    this.#onChange();
    void this.#openFile(path).then(() => (isTextFile(path) ? this.#text.focus() : undefined));
  }

  #rename() {
    const path = this.#path.value.trim();
    if (!this.#draft || this.#open === null || path === this.#open || this.#refuses(path, this.#path)) return;
    this.#draft.move(this.#open, path);
    this.#onChange();
    void this.#openFile(path);
  }

  #delete() {
    if (!this.#draft || this.#open === null || !confirm(`Delete ${this.#open} from this draft?`)) return;
    this.#draft.remove(this.#open);
    this.#onChange();
    void this.#openFile(this.#draft.paths()[0] ?? null);
  }

  /**
   * Says why no file can be called so.
   * @param {string} path
   * @param {HTMLInputElement} input
   */
  #refuses(path, input) {
    const there = this.#draft?.file(path) ? "there is a file of this name already" : null;
    const why =
      path === "" ? "a file has a name" : (pathProblem(path) ?? there ?? reasonToLeaveOut(path)?.why);
    say(this.#problem, why ? `Not so: ${why}.` : "");
    input.setAttribute("aria-invalid", String(Boolean(why)));
    if (why) input.focus();
    return Boolean(why);
  }
}

/**
 * A file's text, or null where it is not in UTF-8 and would be damaged by editing.
 * @param {Blob} file
 */
async function textOfBlob(file) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
  } catch {
    return null;
  }
}
