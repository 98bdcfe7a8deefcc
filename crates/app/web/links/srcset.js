// `srcset`: a list of image candidates, each a URL and perhaps a width or density. All but the URLs stays as it is.

/**
 * Gives each URL of the list to `convert` and puts what it answers in its place. Null where nothing changed.
 * @param {string} list
 * @param {(url: string) => string | null} convert
 * @returns {string | null}
 */
export function rewriteSrcset(list, convert) {
  let written = "";
  let changed = false;
  let at = 0;
  while (at < list.length) {
    const start = skipWhile(list, at, (character) => character === "," || isBlank(character));
    const end = skipWhile(list, start, (character) => !isBlank(character));
    // A comma at the end of the URL ends the candidate; one within it doesn't.
    let urlEnd = end;
    while (urlEnd > start && list[urlEnd - 1] === ",") urlEnd -= 1;
    const url = list.slice(start, urlEnd);
    const converted = url ? convert(url) : null;
    changed ||= converted !== null;
    const next = urlEnd < end ? urlEnd : endOfDescriptors(list, end);
    written += list.slice(at, start) + (converted ?? url) + list.slice(urlEnd, next);
    at = next;
  }
  return changed ? written : null;
}

/**
 * Up to the next comma that is not within parentheses.
 * @param {string} text
 * @param {number} from
 */
function endOfDescriptors(text, from) {
  let depth = 0;
  return skipWhile(text, from, (character) => {
    if (character === "(") depth += 1;
    if (character === ")") depth = Math.max(0, depth - 1);
    return character !== "," || depth > 0;
  });
}

/**
 * @param {string} text
 * @param {number} from
 * @param {(character: string) => boolean} skips
 */
function skipWhile(text, from, skips) {
  let at = from;
  while (at < text.length && skips(text[at])) at += 1;
  return at;
}

/** @param {string} character */
function isBlank(character) {
  return character === " " || (character >= "\t" && character <= "\r" && character !== "\v");
}
