// The two moments of a page that boot waits for. Nothing of ours happens before the first but watching for crowd links.

/** A page that loads for longer is visited all the same: milliseconds. */
const LOAD_PATIENCE = 10_000;

/**
 * The document is there; its pictures may not be.
 *
 * @returns {Promise<void>}
 */
export async function documentParsed() {
  const [navigation] = performance.getEntriesByType("navigation");
  const begun =
    navigation instanceof PerformanceNavigationTiming && navigation.domContentLoadedEventStart > 0;
  if (begun || document.readyState === "complete") return;
  await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve, { once: true }));
}

/**
 * All that the document names is there, or takes its time.
 *
 * @returns {Promise<void>}
 */
export async function pageLoaded() {
  await documentParsed();
  if (document.readyState === "complete") return;
  await new Promise((resolve) => {
    addEventListener("load", resolve, { once: true });
    setTimeout(resolve, LOAD_PATIENCE);
  });
}
