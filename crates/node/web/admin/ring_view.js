// The ring: outside, every part of it in the colour of the node that owns it; inside, how much that is for each node; in
// the middle, what goes through it.
import { make, say } from "../../../app/web/view/make.js";
import { at, bands, sector } from "./arcs.js";
import { percent } from "./numbers.js";
import { vector } from "./vector.js";

const BAND = { inner: 182, outer: 200 };
const SHARE = { inner: 124, outer: 177 };
/** A smaller share has no room for its number. */
const NUMBERED = 0.06;
/** More nodes than this are told in the table alone. */
const KEYED = 12;

export class RingView {
  #bands = vector("g");
  #shares = vector("g");
  #rate = vector("text", { class: "rate", y: 12 });
  #of = vector("text", { class: "of", y: 42 });
  /** @type {string} what the shares are drawn from */
  #drawn = "";

  /**
   * @param {SVGSVGElement} drawing
   * @param {HTMLElement} key
   * @param {import("./node_colours.js").NodeColours} colours
   */
  constructor(drawing, key, colours) {
    this.drawing = drawing;
    this.key = key;
    this.colours = colours;
    const far = vector("circle", { class: "depth far", r: 212 });
    const near = vector("circle", { class: "shoal", r: 114 });
    drawing.replaceChildren(far, near, this.#bands, this.#shares, this.#rate, this.#of);
  }

  /** @param {import("./overview.js").RingMap} map */
  drawRing({ nodes, arcs }) {
    this.colours.know(nodes);
    const paths = bands(arcs, BAND.inner, BAND.outer);
    const drawn = [...paths].map(([node, d]) => this.#part("band", nodes[node] ?? "", d));
    this.#bands.replaceChildren(...drawn);
  }

  /**
   * @param {import("./overview.js").NodeLine[]} nodes
   * @param {string} rate
   */
  show(nodes, rate) {
    say(this.#rate, rate);
    say(this.#of, "sessioncasts a second");
    const owners = nodes.filter(({ share }) => share !== null && share > 0);
    const now = JSON.stringify(owners.map(({ name, share }) => [name, share]));
    if (now === this.#drawn) return;
    this.#drawn = now;
    this.colours.know(owners.map(({ name }) => name));
    let from = 0;
    const drawn = owners.flatMap(({ name, share }) => {
      const to = from + (share ?? 0);
      const part = this.#part("share", name, sector(from, to, SHARE.inner, SHARE.outer));
      const [x, y] = at((from + to) / 2, (SHARE.inner + SHARE.outer) / 2).split(" ");
      from = to;
      part.append(vector("title", {}, `${name}: ${percent(share ?? 0)}`));
      if ((share ?? 0) < NUMBERED) return [part];
      return [part, vector("text", { class: "part", x: x ?? 0, y: y ?? 0 }, percent(share ?? 0))];
    });
    this.#shares.replaceChildren(...drawn);
    const told = owners.map(({ name, share }) => `${name} owns ${percent(share ?? 0)}`);
    this.drawing.setAttribute("aria-label", `The ring: ${told.join(", ")}`);
    const keyed = owners.length <= KEYED ? owners : [];
    this.key.replaceChildren(
      ...keyed.map(({ name }) => make("li", { class: `swatch ${this.colours.of(name)}` }, name)),
    );
  }

  /**
   * Shows the parts of one node before those of the others; none shows all alike.
   * @param {string | null} name
   */
  pick(name) {
    this.drawing.classList.toggle("picking", name !== null);
    for (const part of this.drawing.querySelectorAll("[data-node]"))
      part.classList.toggle("picked", part.getAttribute("data-node") === name);
  }

  /**
   * @param {string} what
   * @param {string} node
   * @param {string} d
   */
  #part(what, node, d) {
    return vector("path", { class: `${what} ${this.colours.of(node)}`, "data-node": node, d });
  }
}
