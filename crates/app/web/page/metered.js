// Whether bytes cost money on a page's connection. Asked by every page that says hello to the host.

/** @typedef {{saveData?: boolean, type?: string} & Partial<EventTarget>} PageConnection */

/**
 * As far as the browser tells; many tell nothing.
 *
 * @param {PageConnection | undefined} connection
 */
export function isMetered(connection) {
  return connection?.saveData === true || connection?.type === "cellular";
}
