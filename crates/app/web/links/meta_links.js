// The addresses in `meta` elements: where a page sends its reader on, and the previews that others show of it. Text in,
// text out; the gateway has the same rules.

/** @typedef {import("./crowd_links.js").Links} Links */

/** Properties that other sites read. They know no base, so these addresses have their origin with them. */
const PREVIEWS = [
  "og:url",
  "og:image",
  "og:image:url",
  "og:image:secure_url",
  "og:video",
  "og:video:url",
  "og:video:secure_url",
  "og:audio",
  "og:audio:url",
  "twitter:image",
  "twitter:image:src",
];

/**
 * What the `content` of a `meta` element becomes. Null where it stays as it is.
 * @param {string} content
 * @param {{httpEquiv: string | null, names: (string | null)[]}} meta its `http-equiv`; its `property` and `name`
 * @param {Links} links
 * @returns {string | null}
 */
export function rewriteMetaContent(content, { httpEquiv, names }, links) {
  if (httpEquiv?.trim().toLowerCase() === "refresh") {
    const found = findRefreshUrl(content);
    const url = found && links.navigate(content.slice(found.start, found.end));
    return found && url ? content.slice(0, found.start) + url + content.slice(found.end) : null;
  }
  const preview = names.some((name) => PREVIEWS.includes(name?.trim().toLowerCase() ?? ""));
  return preview ? links.absolute(content) : null;
}

/**
 * Where the URL lies in the `content` of `<meta http-equiv=refresh>`, by the steps of the HTML standard.
 * @param {string} content
 */
function findRefreshUrl(content) {
  const head =
    /^[\t\n\f\r ]*[0-9.]+(?=[;,\t\n\f\r ])[\t\n\f\r ]*[;,]?[\t\n\f\r ]*(?:url[\t\n\f\r ]*=[\t\n\f\r ]*)?/i;
  const match = head.exec(content);
  if (!match) return null;
  let start = match[0].length;
  const quote = content[start] === '"' || content[start] === "'" ? content[start] : "";
  start += quote.length;
  const closing = quote ? content.indexOf(quote, start) : -1;
  const end = closing < 0 ? content.length : closing;
  return end > start ? { start, end } : null;
}
