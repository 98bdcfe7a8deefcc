// Moments, for people and for releases.

/**
 * A moment of a release (`2026-11-22T17:00:00Z`) or a time in ms, by this computer's clock.
 * @param {string | number} moment
 */
export function sayMoment(moment) {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return String(moment);
  return date.toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
}

/**
 * Now, in the form of a release.
 * @param {Date} [now]
 */
export function releaseMoment(now = new Date()) {
  return `${now.toISOString().slice(0, 19)}Z`;
}
