// The whole address of what lies at the page's own origin, for whoever starts a worker: browsers take an address without
// its origin relative to the page's `base` element, which may lead elsewhere. An `import` in a module knows no such base.

/** @param {string} path such as `/.crowd/host.js` */
export function ownAddress(path) {
  return new URL(path, location.origin).href;
}
