// What the operator's page says first: the worst that there is to say.
import assert from "node:assert/strict";
import { test } from "node:test";

import { headline, summary } from "../../../crates/node/web/admin/headline.js";
import { age, percent, perSecond, took } from "../../../crates/node/web/admin/numbers.js";

/** @returns {any} */
const cluster = (states = ["ready", "ready", "ready"], more = {}) => ({
  nodes: states.map((state, at) => ({ name: `n${at}`, state })),
  now: { answers_per_s: 10, failures_per_s: 0 },
  peers: 2,
  names: 1,
  settling: false,
  ...more,
});

test("the headline is the worst that there is to say", () => {
  for (const [states, said] of /** @type {[string[], string][]} */ ([
    [["ready"], "One node, and it is well"],
    [["ready", "ready"], "All 2 nodes are well"],
    [["ready", "joining"], "n1 is joining"],
    [["leaving", "joining"], "n0 is leaving"],
    [["leaving", "no_registry", "no_registry"], "2 nodes do not reach the registry"],
    [["gone", "no_registry"], "n0 is gone"],
    [["left", "ready"], "One node, and it is well"],
    [["gone", "silent", "ready"], "n1 does not answer"],
  ]))
    assert.equal(headline(cluster(states)), said);
});

test("failures are a headline when they are many, not when one visitor is unlucky", () => {
  const failing = (answers_per_s, failures_per_s) =>
    headline(cluster(undefined, { now: { answers_per_s, failures_per_s } }));
  assert.equal(failing(9, 1), "10 % of requests find no answer");
  assert.equal(failing(0, 0.1), "All 3 nodes are well");
  assert.equal(failing(1_000, 20), "All 3 nodes are well");
});

test("the line below says what there is, and what goes with the headline", () => {
  assert.equal(summary(cluster()), "2 peers connected, 1 name, 3 nodes.");
  const nodes = [
    { name: "n0", state: "silent", why: "it can’t be reached" },
    { name: "n1", state: "gone", gone_s: 75 },
  ];
  assert.equal(
    summary(cluster([], { nodes, names: null, peers: 1 })),
    "1 peer connected, 1 node. The registry does not say how many names there are. n0: it can’t be reached. n1 went 1 min ago.",
  );
  const left = [
    { name: "n0", state: "ready" },
    { name: "n1", state: "left", gone_s: 3 },
  ];
  assert.equal(summary(cluster([], { nodes: left })), "2 peers connected, 1 name, 1 node. n1 left 3 s ago.");
  assert.match(
    saidOf({ n0: ["left", 3], n1: ["gone", 75], n2: ["gone", 7] }),
    / n2 went 7 s ago, n1 went 1 min ago and n0 left 3 s ago\.$/,
  );
  assert.match(saidOf({ n1: ["gone", 9], n2: ["gone", 7] }), / n2 went 7 s ago and n1 went 9 s ago\.$/);
  const many = Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`n${at}`, ["gone", at]]));
  assert.match(saidOf(many), / n0 went 0 s ago, n1 went 1 s ago, n2 went 2 s ago and 2 more\.$/);
  assert.match(summary(cluster(undefined, { settling: true })), /told to its new owners\.$/);
});

/** @param {Record<string, any>} gone */
function saidOf(gone) {
  const nodes = Object.entries(gone).map(([name, [state, gone_s]]) => ({ name, state, gone_s }));
  return summary(cluster([], { nodes }));
}

test("numbers are for people who glance", () => {
  assert.deepEqual([0, 0.04, 0.36, 9.94, 9.96, 1234.5].map(perSecond), [
    "0",
    "0",
    "0.4",
    "9.9",
    "10",
    "1,235",
  ]);
  assert.deepEqual([null, undefined, 0.354, 3.14, 12.6, 999.4, 1_234].map(took), [
    "–",
    "–",
    "0.35 ms",
    "3.1 ms",
    "13 ms",
    "999 ms",
    "1.2 s",
  ]);
  assert.deepEqual([0, 0.3349, 1].map(percent), ["0 %", "33.5 %", "100 %"]);
  assert.deepEqual([12.9, 61, 3_700, 100_000].map(age), ["12 s", "1 min", "1 h 1 min", "1 d 3 h"]);
});
