// Numbers for people who glance.

const NONE = "–";

/**
 * How often a second: 0, 0.3, 8.4, 120, 1,204.
 * @param {number} rate
 */
export function perSecond(rate) {
  const shown = rate < 9.95 ? Math.round(rate * 10) / 10 : Math.round(rate);
  return shown.toLocaleString("en");
}

/**
 * 0.42 ms, 3.1 ms, 120 ms, 2.4 s; a dash for nothing.
 * @param {number | null | undefined} ms
 */
export function took(ms) {
  if (ms === null || ms === undefined) return NONE;
  if (ms >= 999.5) return `${(ms / 1000).toFixed(1)} s`;
  const digits = ms < 0.995 ? 2 : ms < 9.95 ? 1 : 0;
  return `${ms.toFixed(digits)} ms`;
}

/**
 * 0 %, 0.4 %, 33.4 %, 100 %.
 * @param {number} part 0 to 1
 */
export function percent(part) {
  return `${(Math.round(part * 1000) / 10).toLocaleString("en")} %`;
}

/**
 * 12 s, 4 min, 3 h 20 min, 2 d 4 h.
 * @param {number} seconds
 */
export function age(seconds) {
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (hours < 1) return `${minutes} min`;
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
