// URLs in CSS: `url()`, `src()`, the strings of `image-set()` and of `@import`. All else stays as it is, to the byte.
// Used by the worker for style sheets and by the page for `style` elements and attributes.

import { CssTokens } from "./css_tokens.js";

/** Functions whose strings are addresses. */
const URL_FUNCTIONS = ["url", "src", "image-set", "-webkit-image-set"];
/** Blocks within blocks that are looked into: no style sheet has more. */
const MAX_CSS_DEPTH = 32;
/** What closes which bracket. */
const CLOSERS = new Map([
  ["(", ")"],
  ["[", "]"],
  ["{", "}"],
]);

/**
 * Gives each URL to `convert` and puts what it answers in its place. Null where nothing changed.
 * @param {string} css
 * @param {(url: string) => string | null} convert
 * @returns {string | null}
 */
export function rewriteCss(css, convert) {
  const tokens = new CssTokens(css);
  /** @type {{closer: string, urls: boolean}[]} */
  const blocks = [];
  let written = "";
  let done = 0;
  let afterImport = false;
  for (let token = tokens.next(); token; token = tokens.next()) {
    if (token.kind === "blank") continue;
    const block = blocks.at(-1);
    const isUrl = token.kind === "url" || (token.kind === "string" && (afterImport || block?.urls));
    if (isUrl && blocks.length <= MAX_CSS_DEPTH) {
      const url = convert(token.text);
      if (url !== null) {
        const text = token.kind === "url" ? `url(${quoteCss(url)})` : quoteCss(url);
        written += css.slice(done, token.start) + text;
        done = token.end;
      }
    } else if (token.kind === "function") {
      blocks.push({
        closer: ")",
        urls: URL_FUNCTIONS.includes(token.text.toLowerCase()),
      });
    } else if (token.kind === "open") {
      blocks.push({ closer: CLOSERS.get(token.text) ?? "", urls: false });
    } else if (token.kind === "close" && token.text === block?.closer) {
      blocks.pop();
    }
    afterImport = token.kind === "at" && token.text.toLowerCase() === "import";
  }
  return done ? written + css.slice(done) : null;
}

/**
 * A string of CSS.
 * @param {string} text
 */
function quoteCss(text) {
  let quoted = "";
  for (const character of text) {
    if (character === '"' || character === "\\") quoted += `\\${character}`;
    else if (character < " " || character === "\u007f")
      quoted += `\\${character.charCodeAt(0).toString(16)} `;
    else quoted += character;
  }
  return `"${quoted}"`;
}
