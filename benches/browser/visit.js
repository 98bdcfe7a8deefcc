// How long a visit takes in Chromium, first and second, and what it costs before the site's first byte: the sample site
// through a cluster of three nodes (published on the first, read through the third) and the same files from nginx, in
// turn. `benches/visit` builds what this needs and starts it.
import { parseArgs } from "node:util";

import { Cluster } from "../../tests/browser/support/cluster.js";
import { Publisher } from "../../tests/browser/support/publisher.js";
import { sampleSite } from "../../tests/browser/support/sites.js";
import { launch, Visitor } from "../../tests/browser/support/visitor.js";
import { Nginx } from "./nginx.js";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error("--rounds is a whole number above 0");
const PROJECT = "hello";

const cluster = await Cluster.start(3);
const folder = sampleSite(PROJECT, `localhost:${cluster.nodes[2].port}`);
const publisher = await Publisher.start(folder, { name: PROJECT, node: cluster.nodes[0] });
const nginx = await Nginx.start(folder);
const browser = await launch();
try {
  const crowd = cluster.nodes[2].at(PROJECT);
  await visits(crowd, true);
  await visits(nginx.url, false);
  const [ours, theirs] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await visits(crowd, true));
    theirs.push(await visits(nginx.url, false));
  }
  report(ours, theirs);
} finally {
  await browser.close();
  await nginx.stop();
  await publisher.stop();
  await cluster.stop();
}

/** A first and a second visit by somebody new. */
async function visits(url, hosts) {
  const visitor = await Visitor.open(browser);
  const first = await visit(visitor, url, hosts);
  const second = await visit(visitor, url, hosts);
  await visitor.close();
  return { first, second };
}

/** One page view, in ms from the start of its navigation. `hosts`: it is ready when the page's browser is a host. */
async function visit(visitor, url, hosts) {
  visitor.told.length = 0;
  const page = await visitor.page(url);
  const times = await page.evaluate(async () => {
    await new Promise((done) => (document.readyState === "complete" ? done() : addEventListener("load", done)));
    await new Promise((done) => setTimeout(done));
    const [navigation] = performance.getEntriesByType("navigation");
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    const first = navigation.responseStart;
    const before = performance.getEntriesByType("resource").filter((entry) => entry.responseEnd <= first);
    return {
      origin: performance.timeOrigin,
      byte: first,
      paint: paint?.startTime ?? NaN,
      load: navigation.loadEventEnd,
      bytesBefore: before.reduce((sum, entry) => sum + entry.transferSize, 0),
    };
  });
  const ready = hosts ? (await visitor.ready(undefined, { every: 5 })).at - times.origin : times.load;
  await page.close();
  return { ...times, ready };
}

function report(ours, theirs) {
  const middle = (list, which, what) => {
    const sorted = list.map((round) => round[which][what]).filter(Number.isFinite).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
  };
  console.log(`${rounds} rounds, medians, ms from the start of the navigation\n`);
  console.log("| visit | until | Crowd Cloud | nginx | ratio |\n| --- | --- | --- | --- | --- |");
  for (const which of ["first", "second"]) {
    for (const [what, words] of [
      ["byte", "first byte of the page"],
      ["paint", "first contentful paint"],
      ["load", "load event"],
      ["ready", "ready: the visitor hosts (nginx: load event)"],
    ]) {
      const [a, b] = [middle(ours, which, what), middle(theirs, which, what)];
      // A page that is closed before it is painted has no such moment.
      const cells = [a, b, a / b].map((value, at) => (Number.isFinite(value) ? value.toFixed(at < 2 ? 1 : 2) : "-"));
      console.log(`| ${which} | ${words} | ${cells.join(" | ")} |`);
    }
  }
  const bytes = ["first", "second"].map((which) => middle(ours, which, "bytesBefore"));
  console.log(`\nBytes of the app before the site's first byte: ${bytes[0]} on the first visit, ${bytes[1]} on the second.`);
}
