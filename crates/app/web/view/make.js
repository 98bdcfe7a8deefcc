// Makes elements without markup from strings. Used by the badge and the pages under /.crowd/.

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * Changes text only where it differs, so that nothing is read out or painted again without need.
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Calls back for a click or key press of a person, never for one that a script made up.
 * @param {Element} element
 * @param {() => void} act
 */
export function onPress(element, act) {
  element.addEventListener("click", (event) => {
    if (event.isTrusted) act();
  });
}
