// The badge while it is closed: the light, lit while this browser hosts, and a small sign beside it. Its name says both
// in words, for those who don't see it.
import { make } from "../view/make.js";

const SIGNS = {
  verified: "M5 10.5 8.5 14 15 6.5",
  newer: "M10 15.5V5M5.5 9.5 10 5l4.5 4.5",
  offline: "M4.5 10h11",
};

export class BadgeMark {
  constructor() {
    this.button = make("button", { class: "mark", type: "button" });
    this.sign = svgPart("path", {});
    this.button.append(
      svgPart(
        "svg",
        { viewBox: "0 0 64 64" },
        svgPart("path", { class: "flare", d: "M26 39C31 28 41 13 52 6c6-4 11 3 7 9-6 10-20 20-33 24z" }),
        svgPart("path", { d: "M19 33l3.2 8.4 9-.5-7 5.7 2.5 8.7-7.7-4.8-7.7 4.8 2.5-8.7-7-5.7 9 .5z" }),
      ),
      svgPart("svg", { viewBox: "0 0 20 20", class: "sign" }, this.sign),
    );
  }

  /**
   * @param {"verified" | "newer" | "offline" | "plain"} sign
   * @param {boolean} lit
   * @param {string} words
   */
  show(sign, lit, words) {
    this.button.dataset.sign = sign;
    this.button.classList.toggle("lit", lit);
    this.sign.setAttribute("d", sign === "plain" ? "" : SIGNS[sign]);
    if (this.button.ariaLabel !== words) this.button.ariaLabel = words;
  }
}

/**
 * @param {"svg" | "path"} tag
 * @param {Record<string, string>} attributes
 * @param {Element[]} children
 */
function svgPart(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
