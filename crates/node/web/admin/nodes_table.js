// The nodes, a line each: how it is, what it does, how full it is.
import { byteSize } from "../../../app/web/view/byte_size.js";
import { make, say } from "../../../app/web/view/make.js";
import { age, percent, perSecond, took } from "./numbers.js";

/** @typedef {import("./overview.js").NodeLine} NodeLine */

const STATES = {
  ready: "Ready",
  joining: "Joining",
  no_registry: "No registry",
  leaving: "Leaving",
  silent: "No answer",
  gone: "Gone",
  left: "Left",
};

/** A bar that is fuller than this is coloured. */
const FULL = 0.9;

/**
 * What each column is called, what it says of a node, what is said below that, and how full its bar is.
 * @type {{title: string, main: (node: NodeLine) => string, below?: (node: NodeLine) => string, part?: (node: NodeLine) => number}[]}
 */
const COLUMNS = [
  { title: "Share", main: ({ share }) => (share === null ? "–" : percent(share)) },
  {
    title: "Peers",
    main: ({ peers = 0 }) => peers.toLocaleString("en"),
    part: ({ peers = 0, max_peers = 0 }) => (max_peers ? peers / max_peers : 0),
  },
  {
    title: "A second",
    main: ({ answers_per_s = 0 }) => perSecond(answers_per_s),
    below: ({ lent_per_s = 0 }) => (lent_per_s > 0 ? `${perSecond(lent_per_s)} for others` : ""),
  },
  {
    title: "Took p50, p99",
    main: ({ p50_ms }) => took(p50_ms),
    below: ({ p99_ms }) => ((p99_ms ?? null) === null ? "" : took(p99_ms)),
  },
  { title: "Out a second", main: ({ bytes_per_s = 0 }) => byteSize(bytes_per_s) },
  {
    title: "Cache",
    main: ({ cache_bytes = 0 }) => byteSize(cache_bytes),
    part: ({ cache_bytes = 0, cache_limit = 0 }) => (cache_limit ? cache_bytes / cache_limit : 0),
  },
  {
    title: "Room taken",
    main: ({ room_used = 0 }) => percent(room_used),
    part: ({ room_used = 0 }) => room_used,
  },
  {
    title: "CPU, memory",
    main: ({ cpu = 0, cpus = 1 }) => percent(cpu / Math.max(1, cpus)),
    below: ({ memory = 0 }) => byteSize(memory),
    part: ({ cpu = 0, cpus = 1 }) => cpu / Math.max(1, cpus),
  },
];

export class NodesTable {
  /** @type {Map<string, Row>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} table
   * @param {import("./node_colours.js").NodeColours} colours
   * @param {(name: string | null) => void} picked somebody points at a node, or at none any more
   */
  constructor(table, colours, picked) {
    this.colours = colours;
    this.picked = picked;
    this.body = make("div", { role: "rowgroup" });
    const titles = ["Node", "State", ...COLUMNS.map(({ title }) => title)];
    const heads = titles.map((title) => make("div", { role: "columnheader" }, title));
    table.replaceChildren(
      make("div", { role: "rowgroup" }, make("div", { role: "row" }, ...heads)),
      this.body,
    );
  }

  /** @param {NodeLine[]} nodes */
  show(nodes) {
    this.colours.know(nodes.map(({ name }) => name));
    const rows = nodes.map((node) => {
      const row = this.#rows.get(node.name) ?? this.#add(node.name);
      row.show(node);
      return row.element;
    });
    for (const name of this.#rows.keys())
      if (!nodes.some((node) => node.name === name)) this.#rows.delete(name);
    // Putting in what is there already would end what somebody selects.
    if (rows.some((row, at) => this.body.children[at] !== row) || rows.length !== this.body.children.length)
      this.body.replaceChildren(...rows);
  }

  /** @param {string} name */
  #add(name) {
    const row = new Row(name, this.colours.of(name));
    row.element.addEventListener("pointerenter", () => this.picked(name));
    row.element.addEventListener("pointerleave", () => this.picked(null));
    this.#rows.set(name, row);
    return row;
  }
}

class Row {
  /**
   * @param {string} name
   * @param {string} colour
   */
  constructor(name, colour) {
    this.url = make("small");
    this.state = make("span", { class: "state" });
    this.about = make("small");
    this.cells = COLUMNS.map(({ title, part }) => {
      const [main, below] = [make("span", { class: "said" }), make("small")];
      const bar = part ? make("i", { class: "bar", "aria-hidden": "true" }) : null;
      const label = make("span", { class: "what-it-is", "aria-hidden": "true" }, title);
      const element = make("div", { role: "cell" }, label, main, ...(bar ? [bar] : []), below);
      return { main, below, bar, element };
    });
    this.element = make(
      "div",
      { role: "row" },
      make("div", { role: "rowheader", class: `swatch ${colour}` }, name, this.url),
      make("div", { role: "cell" }, this.state, this.about),
      ...this.cells.map(({ element }) => element),
    );
  }

  /** @param {NodeLine} node */
  show(node) {
    this.element.dataset["state"] = node.state;
    say(this.url, node.url);
    say(this.state, STATES[node.state] ?? node.state);
    say(this.about, about(node));
    COLUMNS.forEach(({ main, below, part }, at) => {
      const cell = this.cells[at];
      if (!cell) return;
      const known = node.version !== undefined;
      say(cell.main, known || main === COLUMNS[0]?.main ? main(node) : "–");
      say(cell.below, known && below ? below(node) : "");
      if (!cell.bar || !part) return;
      const full = known ? Math.min(1, part(node)) : 0;
      cell.bar.style.setProperty("--part", full.toFixed(3));
      cell.bar.classList.toggle("full", full > FULL);
    });
  }
}

/** @param {NodeLine} node */
function about({ state, version, uptime_s = 0, said_s = 0, gone_s = 0 }) {
  if (state === "gone" || state === "left") return `${age(gone_s)} ago`;
  if (state === "silent") return version === undefined ? "never said anything" : `as of ${age(said_s)} ago`;
  return `${version}, up ${age(uptime_s)}`;
}
