// What a media type means for an answer: only HTML and CSS in UTF-8 can be rewritten, as at the gateway. A
// type that says nothing of its charset leaves it to the bytes.

/**
 * True for HTML in UTF-8.
 * @param {string} type
 */
export function isHtml(type) {
  return isUtf8(type, "text/html");
}

/**
 * True for CSS in UTF-8.
 * @param {string} type
 */
export function isCss(type) {
  return isUtf8(type, "text/css");
}

/**
 * True where `type` is `wanted`, and its charset UTF-8 or not said.
 * @param {string} type
 * @param {string} wanted
 */
function isUtf8(type, wanted) {
  const [essence, ...parameters] = type.split(";").map((part) => part.trim().toLowerCase());
  const foreign = parameters.some((parameter) => {
    const [name, value = ""] = parameter.split("=", 2).map((part) => part.trim());
    return name === "charset" && !["utf-8", "utf8"].includes(value.replaceAll('"', ""));
  });
  return essence === wanted && !foreign;
}

/**
 * The text of bytes in UTF-8; null where they are in another encoding.
 * @param {Uint8Array} bytes
 * @param {{keepMark?: boolean}} [options] keepMark: the byte order mark stays, by which a browser knows UTF-8 too
 * @returns {string | null}
 */
export function utf8Text(bytes, { keepMark = false } = {}) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: keepMark }).decode(bytes);
  } catch {
    return null;
  }
}
