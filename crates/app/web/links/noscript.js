// `noscript` of a page that is parsed without scripts although it will run them: to such a parser its content is markup,
// to the page it is text. So each is taken out, a comment in its place, before the parser sees the page, and put back
// into what is written of it. A walk over the tags of HTML; it knows no more of it than where text isn't markup.

/** Elements whose content is no markup up to their own end tag. */
const TEXT_ELEMENTS = [
  "script",
  "style",
  "textarea",
  "title",
  "xmp",
  "iframe",
  "noembed",
  "noframes",
  "noscript",
];

export class SetAside {
  /** @type {string[]} */
  #texts = [];
  #mark;

  /**
   * @param {string} html
   * @param {string} mark a word that no page has
   */
  constructor(html, mark) {
    this.#mark = mark;
    /** The page without them. */
    this.html = html.toLowerCase().includes("<noscript") ? this.#without(html) : html;
  }

  /** True where the parsed page has a comment for each: else the page was read in another way than here. */
  fits(/** @type {Document} */ page) {
    const comments = page.createNodeIterator(page, NodeFilter.SHOW_COMMENT);
    let found = 0;
    for (let node = comments.nextNode(); node; node = comments.nextNode()) {
      if (node.nodeValue === `${this.#mark}-${found}`) found += 1;
    }
    return found === this.#texts.length;
  }

  /**
   * Written text with them in their places.
   * @param {string} text
   */
  restore(text) {
    return this.#texts.reduce((whole, noscript, at) => {
      return whole.replace(this.#comment(at), () => noscript);
    }, text);
  }

  /** @param {number} at */
  #comment(at) {
    return `<!--${this.#mark}-${at}-->`;
  }

  /** @param {string} html */
  #without(html) {
    // Of ASCII only: other letters may become longer, and all that follows would lie elsewhere.
    const lower = html.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    let written = "";
    let kept = 0;
    for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at)) {
      const start = at;
      if (lower.startsWith("<!--", at)) {
        at = endOfComment(html, at);
        continue;
      }
      const name = tagName(lower, at + 1);
      if (!name) {
        at = skipOther(html, at);
        continue;
      }
      const tagEnd = endOfTag(html, at + 1 + name.length);
      at = tagEnd;
      if (name === "plaintext") break;
      if (!TEXT_ELEMENTS.includes(name)) continue;
      at = endTagOf(lower, name, at);
      if (name !== "noscript") continue;
      at = endOfTag(html, at);
      written += html.slice(kept, start) + this.#comment(this.#texts.length);
      this.#texts.push(html.slice(start, at));
      kept = at;
    }
    return written + html.slice(kept);
  }
}

/**
 * The name of the start tag whose `<` lies before `at`; empty where there is none.
 * @param {string} lower
 * @param {number} at
 */
function tagName(lower, at) {
  if (lower[at] < "a" || lower[at] > "z") return "";
  let end = at;
  while (end < lower.length && !endsTagName(lower[end])) end += 1;
  return lower.slice(at, end);
}

/** @param {string} character */
function endsTagName(character) {
  return "\t\n\f\r />".includes(character);
}

/**
 * After the tag within which `at` lies.
 * @param {string} html
 * @param {number} at
 */
function endOfTag(html, at) {
  let afterEquals = false;
  while (at < html.length && html[at] !== ">") {
    const character = html[at];
    const quoted = afterEquals && (character === '"' || character === "'");
    if (quoted) {
      at = html.indexOf(character, at + 1);
      if (at < 0) return html.length;
    }
    if (!"\t\n\f\r ".includes(character)) afterEquals = character === "=";
    at += 1;
  }
  return Math.min(at + 1, html.length);
}

/**
 * Where the end tag of a text element begins; the end of the page where there is none.
 * @param {string} lower
 * @param {string} name
 * @param {number} at
 */
function endTagOf(lower, name, at) {
  const endTag = `</${name}`;
  for (let end = lower.indexOf(endTag, at); end >= 0; end = lower.indexOf(endTag, end + 1)) {
    if (endsTagName(lower[end + endTag.length] ?? "x")) return end;
  }
  return lower.length;
}

/**
 * After a comment. `<!-->` and `<!--->` are whole ones.
 * @param {string} html
 * @param {number} at
 */
function endOfComment(html, at) {
  const ends = [html.indexOf("-->", at + 2), html.indexOf("--!>", at + 4)].filter((end) => end >= 0);
  if (ends.length === 0) return html.length;
  const end = Math.min(...ends);
  return html.indexOf(">", end) + 1;
}

/**
 * After what is neither a comment nor a start tag: an end tag, a declaration, or a mere `<`.
 * @param {string} html
 * @param {number} at
 */
function skipOther(html, at) {
  const next = html[at + 1] ?? "";
  const letter = (html[at + 2] ?? "").toLowerCase();
  if (next === "/" && letter >= "a" && letter <= "z") return endOfTag(html, at + 2);
  if (next !== "!" && next !== "?" && next !== "/") return at + 1;
  const end = html.indexOf(">", at + 1);
  return end < 0 ? html.length : end + 1;
}
