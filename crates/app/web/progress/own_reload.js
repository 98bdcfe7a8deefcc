// The one time that this page may load itself again for an address. Whatever goes wrong behind it, there is no loop:
// after that it takes a person.

/** @returns {boolean} whether this was that one time; it is used up now */
export function mayReload() {
  const key = `crowd.reloaded ${location.pathname}${location.search}`;
  try {
    if (sessionStorage.getItem(key) !== null) return false;
    sessionStorage.setItem(key, "1");
    return true;
  } catch {
    // A sandboxed page can keep nothing: then it must not have been loaded again already.
    const [visit] = performance.getEntriesByType("navigation");
    return visit instanceof PerformanceNavigationTiming && visit.type === "navigate";
  }
}
