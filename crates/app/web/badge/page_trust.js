// Was this page itself answered from verified chunks, or by a node, as a web server would?

import { isFromNode } from "../page/page_timing.js";

/**
 * A page that the worker let through carries the node's timing; one that it answered does not.
 */
export function isPageVerified() {
  const [visit] = performance.getEntriesByType("navigation");
  return visit instanceof PerformanceNavigationTiming && !isFromNode(visit);
}
