// CSS as tokens, as far as URLs need it: comments, strings, names, functions, URLs, brackets. The rules are those of CSS
// Syntax Level 3. Each token knows where it stands, so that everything else can stay as it is.

/**
 * @typedef {object} CssToken
 * @property {"blank" | "string" | "url" | "function" | "at" | "open" | "close" | "other"} kind
 * @property {number} start
 * @property {number} end after its last character
 * @property {string} text the value of a string or URL, the name of a function or at-rule, else the bracket
 */

/** Reads the tokens of a style sheet one after the other. */
export class CssTokens {
  /** @param {string} css */
  constructor(css) {
    this.css = css;
    this.at = 0;
  }

  /** @returns {CssToken | null} the next one; null at the end */
  next() {
    const start = this.at;
    if (start >= this.css.length) return null;
    const { kind, text } = this.#read();
    return { kind, text, start, end: this.at };
  }

  /** @returns {{kind: CssToken["kind"], text: string}} */
  #read() {
    const { css, at } = this;
    const character = css[at];
    if (isCssBlank(character)) {
      while (isCssBlank(css[this.at])) this.at += 1;
      return { kind: "blank", text: "" };
    }
    if (css.startsWith("/*", at)) {
      const end = css.indexOf("*/", at + 2);
      this.at = end < 0 ? css.length : end + 2;
      return { kind: "blank", text: "" };
    }
    if (character === '"' || character === "'") return this.#string(character);
    if (isDigit(character)) {
      while (isNamePart(css[this.at]) || css[this.at] === "." || this.#isEscape(this.at)) this.#namePart();
      return { kind: "other", text: "" };
    }
    for (const mark of ["<!--", "-->"]) {
      if (!css.startsWith(mark, at)) continue;
      this.at += mark.length;
      return { kind: "other", text: "" };
    }
    if (this.#startsName(at)) return this.#nameOrFunction();
    this.at += 1;
    if (character === "@" && this.#startsName(this.at)) return { kind: "at", text: this.#name() };
    if (character === "#") this.#name();
    if ("([{".includes(character)) return { kind: "open", text: character };
    if (")]}".includes(character)) return { kind: "close", text: character };
    return { kind: "other", text: "" };
  }

  /** @returns {{kind: CssToken["kind"], text: string}} */
  #nameOrFunction() {
    const name = this.#name();
    if (this.css[this.at] !== "(") return { kind: "other", text: "" };
    this.at += 1;
    if (name.toLowerCase() !== "url") return { kind: "function", text: name };
    let inner = this.at;
    while (isCssBlank(this.css[inner])) inner += 1;
    const quoted = this.css[inner] === '"' || this.css[inner] === "'";
    return quoted ? { kind: "function", text: name } : this.#url(inner);
  }

  /**
   * The rest of an unquoted `url(…)`. What can't be one is skipped up to its end.
   * @param {number} from
   * @returns {{kind: CssToken["kind"], text: string}}
   */
  #url(from) {
    const { css } = this;
    this.at = from;
    let text = "";
    let bad = false;
    while (this.at < css.length && css[this.at] !== ")") {
      const character = css[this.at];
      if (this.#isEscape(this.at)) text += this.#escaped();
      else {
        if (isCssBlank(character)) {
          let after = this.at;
          while (isCssBlank(css[after])) after += 1;
          bad ||= after < css.length && css[after] !== ")";
        } else {
          const unprintable = character < " " || character === "\u007f";
          bad ||= unprintable || "\"'(\\".includes(character);
          text += character;
        }
        this.at += 1;
      }
    }
    this.at = Math.min(this.at + 1, css.length);
    return bad ? { kind: "other", text: "" } : { kind: "url", text };
  }

  /**
   * @param {string} quote
   * @returns {{kind: CssToken["kind"], text: string}}
   */
  #string(quote) {
    const { css } = this;
    let text = "";
    this.at += 1;
    while (this.at < css.length) {
      const character = css[this.at];
      if (character === quote) {
        this.at += 1;
        return { kind: "string", text };
      }
      if (isNewline(character)) return { kind: "other", text: "" };
      if (character === "\\" && isNewline(css[this.at + 1])) {
        this.at += css.startsWith("\r\n", this.at + 1) ? 3 : 2;
      } else if (this.#isEscape(this.at)) {
        text += this.#escaped();
      } else {
        if (character !== "\\") text += character;
        this.at += 1;
      }
    }
    return { kind: "string", text };
  }

  #name() {
    let name = "";
    while (isNamePart(this.css[this.at]) || this.#isEscape(this.at)) name += this.#namePart();
    return name;
  }

  #namePart() {
    if (this.#isEscape(this.at)) return this.#escaped();
    this.at += 1;
    return this.css[this.at - 1];
  }

  /** The character that an escape stands for. */
  #escaped() {
    const { css } = this;
    this.at += 1;
    let digits = "";
    while (digits.length < 6 && isHexDigit(css[this.at + digits.length]))
      digits += css[this.at + digits.length];
    if (!digits) {
      const character = String.fromCodePoint(css.codePointAt(this.at) ?? 0xfffd);
      this.at += character.length;
      return character;
    }
    this.at += digits.length;
    if (css.startsWith("\r\n", this.at)) this.at += 2;
    else if (isCssBlank(css[this.at])) this.at += 1;
    const code = Number.parseInt(digits, 16);
    const valid = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return String.fromCodePoint(valid ? code : 0xfffd);
  }

  /** @param {number} at */
  #isEscape(at) {
    return this.css[at] === "\\" && at + 1 < this.css.length && !isNewline(this.css[at + 1]);
  }

  /** @param {number} at */
  #startsName(at) {
    const { css } = this;
    const first = css[at] === "-" ? at + 1 : at;
    if (css[at] === "-" && css[first] === "-") return true;
    return (isNamePart(css[first]) && !isDigit(css[first]) && css[first] !== "-") || this.#isEscape(first);
  }
}

/** @param {string | undefined} character */
function isCssBlank(character) {
  return character === " " || character === "\t" || isNewline(character);
}

/** @param {string | undefined} character */
function isNewline(character) {
  return character === "\n" || character === "\r" || character === "\f";
}

/** @param {string | undefined} character */
function isDigit(character) {
  return character !== undefined && character >= "0" && character <= "9";
}

/** @param {string | undefined} character */
function isHexDigit(character) {
  return character !== undefined && /^[0-9a-f]$/i.test(character);
}

/** @param {string | undefined} character */
function isNamePart(character) {
  return character !== undefined && (/^[\w-]$/.test(character) || character >= "\u0080");
}
