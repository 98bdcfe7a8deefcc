// A list of projects, each with something to say about it.
import { make } from "../../../app/web/view/make.js";

/** Longer lists are for programs. */
const SHOWN = 12;

/**
 * @typedef {object} ProjectLine
 * @property {string} project
 * @property {string} said
 * @property {number} [part] how far its bar goes, 0 to 1
 */

export class ProjectList {
  #shown = "";

  /**
   * @param {HTMLElement} list
   */
  constructor(list) {
    this.list = list;
  }

  /**
   * @param {ProjectLine[]} lines
   * @param {string} url of a node through which they open
   * @param {string} none what is said where there are none
   * @param {number} [total] how many there are, where these are only some
   */
  show(lines, url, none, total = lines.length) {
    const shown = JSON.stringify([lines.slice(0, SHOWN), url, none, total]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const items = lines.slice(0, SHOWN).map(({ project, said, part = 0 }) => {
      const item = make("li", {}, link(project, url), make("span", {}, said));
      item.style.setProperty("--part", part.toFixed(3));
      return item;
    });
    if (lines.length === 0) items.push(make("li", { class: "none" }, none));
    const more = total - Math.min(lines.length, SHOWN);
    if (more > 0) items.push(make("li", { class: "none" }, `and ${more.toLocaleString("en")} more`));
    this.list.replaceChildren(...items);
  }
}

/**
 * @param {string} project
 * @param {string} url
 */
function link(project, url) {
  // What another node says of itself is not to become a script.
  if (!/^https?:\/\//.test(url)) return make("strong", {}, project);
  const href = `${url.replace(/\/$/, "")}/${project}/`;
  return make("a", { href, target: "_blank", rel: "noreferrer noopener" }, project);
}
