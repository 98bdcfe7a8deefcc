// A parsed page as text again, so that it parses to the same.

/** Elements whose first line break the parser takes away. */
const LINE_EATERS = "pre,textarea,listing";

/**
 * @param {Document} page
 * @returns {string}
 */
export function pageText(page) {
  for (const element of page.querySelectorAll(LINE_EATERS)) {
    if (element.firstChild?.nodeValue?.startsWith("\n")) element.prepend("\n");
  }
  const serializer = new XMLSerializer();
  let text = "";
  for (const node of page.childNodes) {
    text += node instanceof Element ? node.outerHTML : serializer.serializeToString(node);
  }
  return text;
}
