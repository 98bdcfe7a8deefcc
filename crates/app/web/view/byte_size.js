// Sizes and counts for people.

/**
 * 0 bytes, 999 bytes, 1.2 kB, 120 kB, 4.5 MB: two or three digits that matter.
 * @param {number} bytes
 */
export function byteSize(bytes) {
  if (bytes < 999.5) return counted(Math.round(bytes), "byte");
  let value = bytes / 1000;
  const units = ["kB", "MB", "GB", "TB"];
  while (value >= 999.5 && units.length > 1) {
    value /= 1000;
    units.shift();
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[0]}`;
}

/**
 * 1 file, 2 files.
 * @param {number} count
 * @param {string} one
 */
export function counted(count, one) {
  return `${count.toLocaleString("en")} ${one}${count === 1 ? "" : "s"}`;
}
