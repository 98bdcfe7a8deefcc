// Was this page itself answered from verified chunks, or by a node, as a web server would?

/**
 * A page that the worker let through carries the node's timing; one that it answered does not.
 */
export function isPageVerified() {
  const [visit] = performance.getEntriesByType("navigation");
  if (!(visit instanceof PerformanceNavigationTiming)) return false;
  return visit.workerStart > 0 && visit.serverTiming.every((entry) => entry.name !== "relay");
}
