// A site that is being made ready: its files by path, as blobs, and what was left out. Folder, sample site and editor
// change it; publishing reads it. It knows nothing of the page.

import { compareUtf8 } from "../protocol/manifest.js";
import { reasonToLeaveOut } from "./folder_rules.js";
import { problemsOfSite } from "./site_rules.js";

/** Of what was left out, so many are named. */
const MOST_LEFT_OUT = 200;

export class Draft {
  /** What the person chose: a folder's name, or empty. */
  title;
  /** Whether it is a single-page app; null where nobody said. @type {boolean | null} */
  spa = null;
  /** @type {import("./folder_rules.js").LeftOut[]} */
  leftOut = [];
  /** How many more were left out than are named. */
  leftOutMore = 0;
  /** @type {Map<string, Blob>} */
  #files = new Map();
  /** @type {((path: string, text: string, name: string) => string) | null} */
  #rename;

  /**
   * @param {string} title
   * @param {((path: string, text: string, name: string) => string) | null} [rename] puts the project's name into a page
   */
  constructor(title, rename = null) {
    this.title = title;
    this.#rename = rename;
  }

  /**
   * Takes a file unless it is one that is left out.
   * @param {string} path within the site
   * @param {Blob} file
   */
  add(path, file) {
    const reason = reasonToLeaveOut(path);
    if (reason) this.leaveOut(reason);
    else this.#files.set(path, file);
  }

  /** @param {import("./folder_rules.js").LeftOut} reason */
  leaveOut(reason) {
    if (this.leftOut.some((other) => other.path === reason.path)) return;
    if (this.leftOut.length < MOST_LEFT_OUT) this.leftOut.push(reason);
    else this.leftOutMore += 1;
  }

  /** @returns {string[]} in order */
  paths() {
    return [...this.#files.keys()].sort(compareUtf8);
  }

  /** @param {string} path */
  file(path) {
    return this.#files.get(path) ?? null;
  }

  /**
   * @param {string} path
   * @param {string} text
   */
  write(path, text) {
    this.#files.set(path, new Blob([text]));
  }

  /** @param {string} path */
  remove(path) {
    this.#files.delete(path);
  }

  /**
   * @param {string} from
   * @param {string} to
   */
  move(from, to) {
    const file = this.#files.get(from);
    if (!file || from === to) return;
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  get count() {
    return this.#files.size;
  }

  get size() {
    return this.sized().reduce((sum, file) => sum + file.size, 0);
  }

  /** @returns {{ path: string, size: number }[]} */
  sized() {
    return this.paths().map((path) => ({ path, size: this.#files.get(path)?.size ?? 0 }));
  }

  problems() {
    return problemsOfSite(this.sized());
  }

  /**
   * The files as they are published under a name.
   * @param {string} name
   * @returns {Promise<{ path: string, blob: Blob }[]>}
   */
  async published(name) {
    const files = [];
    for (const path of this.paths()) {
      let blob = this.#files.get(path) ?? new Blob();
      if (this.#rename && path.endsWith(".html")) {
        blob = new Blob([this.#rename(path, await blob.text(), name)]);
      }
      files.push({ path, blob });
    }
    return files;
  }
}
