// Parts of a ring as paths. Where on the ring: 0 is the top, and 1 is the top again, clockwise.

/**
 * The part of the ring between two radii and two places.
 * @param {number} from
 * @param {number} to
 * @param {number} inner
 * @param {number} outer
 * @returns {string}
 */
export function sector(from, to, inner, outer) {
  if (to - from > 0.999999) return `${circle(outer, 1)}${circle(inner, 0)}`;
  const large = to - from > 0.5 ? 1 : 0;
  const [a, b, c, d] = [at(from, outer), at(to, outer), at(to, inner), at(from, inner)];
  return `M${a}A${outer} ${outer} 0 ${large} 1 ${b}L${c}A${inner} ${inner} 0 ${large} 0 ${d}Z`;
}

/**
 * All around, in two halves, as an arc that ends where it begins is drawn as nothing. Of two circles that go opposite
 * ways, what is between them is filled, and no line crosses it.
 * @param {number} radius
 * @param {0 | 1} clockwise
 */
function circle(radius, clockwise) {
  const [top, bottom] = [at(0, radius), at(0.5, radius)];
  const half = `A${radius} ${radius} 0 1 ${clockwise} `;
  return `M${top}${half}${bottom}${half}${top}Z`;
}

/**
 * A place on the ring.
 * @param {number} place
 * @param {number} radius
 */
export function at(place, radius) {
  const angle = 2 * Math.PI * place;
  return `${(radius * Math.sin(angle)).toFixed(2)} ${(-radius * Math.cos(angle)).toFixed(2)}`;
}

/**
 * All that each node owns of the ring, as one path for each.
 * @param {[number, number][]} arcs where each part ends, and whose it is
 * @param {number} inner
 * @param {number} outer
 * @returns {Map<number, string>}
 */
export function bands(arcs, inner, outer) {
  const paths = new Map();
  let from = 0;
  for (const [end, node] of arcs) {
    paths.set(node, (paths.get(node) ?? "") + sector(from, end, inner, outer));
    from = end;
  }
  return paths;
}
