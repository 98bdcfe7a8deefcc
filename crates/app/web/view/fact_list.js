// A list of names and values that change: each row is made once and its value set again.
import { make, say } from "./make.js";

/**
 * @param {HTMLElement} list a dl
 * @param {string} name
 * @param {string} value
 */
export function tellFact(list, name, value) {
  const row = [...list.children].find(({ firstChild }) => firstChild?.textContent === name);
  if (row?.lastElementChild) say(row.lastElementChild, value);
  else list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
}
