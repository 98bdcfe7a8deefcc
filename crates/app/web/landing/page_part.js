// Finds the parts that the landing page has from the start, and makes its buttons. Used by all of its panels.

import { make } from "../view/make.js";

/**
 * The element of the page's own that has this id.
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function pagePart(id, kind) {
  const part = document.getElementById(id);
  if (!(part instanceof kind)) throw new Error(`the page has no #${id}`);
  return part;
}

/**
 * A button that does something.
 * @param {string} text
 * @param {() => void | Promise<void>} act
 * @param {string} [label] what a screen reader says instead
 */
export function makeButton(text, act, label) {
  const button = make("button", { type: "button", class: "lesser" }, text);
  if (label) button.setAttribute("aria-label", label);
  button.addEventListener("click", () => void act());
  return button;
}

/**
 * Shows or hides, and says nothing twice.
 * @param {HTMLElement} part
 * @param {boolean} shown
 */
export function showPart(part, shown) {
  if (part.hidden === shown) part.hidden = !shown;
}
