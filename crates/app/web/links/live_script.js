// A script element runs once. One whose address was none the browser knows, or could not be had, is replaced by a copy
// that may run, and whoever holds the first hears of the copy's load and error.

/**
 * Answers the script that now stands in the place of `script`, with `url` as its attribute `name`.
 * @param {Element} script
 * @param {string} name
 * @param {string} url
 * @returns {Element}
 */
export function replaceScript(script, name, url) {
  const copy = script.ownerDocument.createElementNS(script.namespaceURI, script.localName);
  for (const attribute of script.attributes) {
    if (attribute.name !== name) copy.setAttributeNS(attribute.namespaceURI, attribute.name, attribute.value);
  }
  if (copy instanceof HTMLScriptElement && script instanceof HTMLScriptElement) {
    copy.async = script.async;
    copy.nonce = script.nonce;
  }
  copy.textContent = script.textContent;
  copy.setAttribute(name, url);
  // The first one's own failure, which may be still to come, is not what became of the script.
  const swallow = (/** @type {Event} */ event) => event.isTrusted && event.stopImmediatePropagation();
  script.addEventListener("error", swallow, { capture: true });
  for (const type of ["load", "error"]) {
    copy.addEventListener(type, () => script.dispatchEvent(new Event(type)));
  }
  script.replaceWith(copy);
  return copy;
}
