// Finds the parts that a page of the app has from the start.

/**
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function namedPart(id, kind) {
  const part = document.getElementById(id);
  if (!(part instanceof kind)) throw new Error(`the page has no #${id}`);
  return part;
}
