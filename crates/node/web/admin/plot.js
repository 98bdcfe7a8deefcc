// Lines of a chart as paths, in a box of 100 by 100 with its origin at the top left.

/** Round numbers between 1 and 10. */
const STEPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/**
 * A line through the values. Where there is none the line has a gap; one between two gaps is a dot.
 * @param {(number | null)[]} values
 * @param {number} most what is drawn at the top
 */
export function line(values, most) {
  let path = "";
  let drawn = 0;
  values.forEach((value, at) => {
    if (value === null) {
      drawn = 0;
      return;
    }
    path += `${drawn ? "L" : "M"}${point(at, value, values.length, most)}`;
    drawn += 1;
    if (drawn === 1 && (values[at + 1] ?? null) === null) path += "h0.01";
  });
  return path;
}

/**
 * The area under the values; nothing counts as zero.
 * @param {(number | null)[]} values
 * @param {number} most
 */
export function area(values, most) {
  const points = values.map((value, at) => point(at, value ?? 0, values.length, most));
  return `M0 100L${points.join("L")}L100 100Z`;
}

/**
 * A round number that all of them fit under, and not far above them.
 * @param {(number | null)[]} values
 * @param {number} least
 */
export function roundMost(values, least) {
  const most = values.reduce((/** @type {number} */ a, b) => Math.max(a, b ?? 0), least);
  const power = 10 ** Math.floor(Math.log10(most));
  const step = STEPS.find((step) => step * power >= most * 0.999999) ?? 10;
  return step * power;
}

/**
 * @param {number} at
 * @param {number} value
 * @param {number} count
 * @param {number} most
 */
function point(at, value, count, most) {
  const x = count > 1 ? (at / (count - 1)) * 100 : 100;
  // The line has a width of its own, which must fit too.
  const y = 97 - Math.min(1, value / most) * 94;
  return `${x.toFixed(2)} ${y.toFixed(2)}`;
}
