// What the operator's page draws: parts of the ring, lines of a chart.
import assert from "node:assert/strict";
import { test } from "node:test";

import { at, bands, sector } from "../../../crates/node/web/admin/arcs.js";
import { NodeColours } from "../../../crates/node/web/admin/node_colours.js";
import { area, line, roundMost } from "../../../crates/node/web/admin/plot.js";

test("the ring begins at the top and goes clockwise", () => {
  assert.deepEqual([at(0, 10), at(0.25, 10), at(0.5, 10)], ["0.00 -10.00", "10.00 -0.00", "0.00 10.00"]);
  const quarter = sector(0, 0.25, 5, 10);
  assert.equal(quarter, "M0.00 -10.00A10 10 0 0 1 10.00 -0.00L5.00 -0.00A5 5 0 0 0 0.00 -5.00Z");
  assert.match(sector(0, 0.75, 5, 10), /A10 10 0 1 1/, "more than half takes the long way");
});

test("one node owns a whole ring, which is drawn all the same", () => {
  const whole = sector(0, 1, 5, 10);
  assert.equal(whole.split("M").length - 1, 2);
  assert(!whole.includes("L"), "no line crosses it, where the number stands");
  assert.match(whole, /0 1 1 .* 0 1 0 /, "one circle inside the other, the other way around");
  assert.deepEqual([...bands([[1, 0]], 5, 10).values()], [whole]);
});

test("all parts of a node are one path", () => {
  const arcs = /** @type {[number, number][]} */ ([
    [0.2, 0],
    [0.5, 1],
    [1, 0],
  ]);
  const drawn = bands(arcs, 5, 10);
  assert.equal(drawn.get(0), sector(0, 0.2, 5, 10) + sector(0.5, 1, 5, 10));
  assert.equal(drawn.get(1), sector(0.2, 0.5, 5, 10));
});

test("a line has gaps where there is nothing, and a lone value is a dot", () => {
  assert.equal(line([0, 10], 10), "M0.00 97.00L100.00 3.00");
  assert.equal(line([null, null], 10), "");
  assert.equal(line([5, null, 5], 10), "M0.00 50.00h0.01M100.00 50.00h0.01");
  assert.equal(line([0, 0, null, 0, 0], 10).split("M").length - 1, 2);
  assert.equal(line([20], 10), "M100.00 3.00h0.01", "what is too much stays inside");
  assert.equal(area([0, null], 10), "M0 100L0.00 97.00L100.00 97.00L100 100Z");
});

test("the top of a chart is round and just above what is shown", () => {
  assert.deepEqual(
    [0, 1, 1.1, 9, 53, 99, 101, 0.03].map((most) => roundMost([null, most], 0.01)),
    [0.01, 1, 1.2, 10, 60, 100, 120, 0.03],
  );
  assert.equal(roundMost([], 5), 5);
});

test("twelve nodes have twelve colours, whatever they are called, and keep them", () => {
  const colours = new NodeColours();
  const names = Array.from({ length: 12 }, (_, at) => `crowd-${at}`);
  colours.know(names.slice(0, 3));
  const first = names.slice(0, 3).map((name) => colours.of(name));
  colours.know(names);
  assert.deepEqual(
    names.slice(0, 3).map((name) => colours.of(name)),
    first,
  );
  assert.equal(new Set(names.map((name) => colours.of(name))).size, 12);
  colours.know(["one-more"]);
  assert.match(colours.of("one-more"), /^c\d+$/);
});
