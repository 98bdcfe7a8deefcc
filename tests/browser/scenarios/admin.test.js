// The operator's page on the admin port: the whole cluster, live, from any node.
import assert from "node:assert/strict";
import { join } from "node:path";

import { check } from "../support/axe.js";
import { eventually } from "../support/eventually.js";
import { take } from "../support/picture.js";
import { root } from "../support/places.js";
import { stage } from "../support/stage.js";
import { Traffic } from "../support/traffic.js";

const { scenario } = stage({ nodes: 0 });

/**
 * How long visitors read before the pictures are taken. After a minute, which fills the charts, the picture for the
 * README is taken too.
 */
const SECONDS = Number(process.env.ADMIN_TRAFFIC_SECONDS ?? 6);
const DESK = { viewport: { width: 1280, height: 860 } };
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

/** Three named nodes, projects with hosts on them, and visitors. */
async function harbour(scene) {
  const cluster = await scene.startCluster(0, { flags: ["--cache-bytes", "0", "--deny", "denied"] });
  for (const name of ["crowd-0", "crowd-1", "crowd-2"]) await cluster.add(["--name", name]);
  await cluster.settled();
  const projects = ["tides", "harbour-log", "star-charts", "knots", "lighthouses", "weather", "driftwood"];
  const sites = [];
  for (const [at, project] of projects.entries()) {
    const files = {
      "index.html": `<title>${project}</title>`,
      "chart.bin": Buffer.alloc(9_000 * (at + 1), at),
    };
    const published = await scene.publish(files, { project, node: cluster.nodes[at % 3] });
    sites.push(published);
    // All but the last two have a second host.
    if (at < projects.length - 2) await (await scene.peer(cluster.nodes[(at + 1) % 3])).host(published.site);
  }
  const visit = () => {
    const project = projects[Math.floor(projects.length * Math.random() ** 2.2)];
    return `${cluster.nodes[Math.floor(Math.random() * 3)].url}/${project}/chart.bin`;
  };
  const traffic = new Traffic(visit, (s) => 26 + 14 * Math.sin(s / 5) + 8 * Math.sin(s / 1.7));
  scene.leaving(() => traffic.stop());
  return { cluster, sites, traffic };
}

async function open(scene, node, options) {
  const visitor = await scene.visitor(options);
  const tab = await visitor.page(`${node.admin}/`);
  await tab.locator("#nodes [data-state]").first().waitFor();
  return { visitor, tab };
}

const sideways = (tab) => tab.evaluate(() => document.documentElement.scrollWidth - innerWidth);

scenario(
  "the page shows nodes, ring and traffic, live, on a desk and on a phone, by day and by night",
  async (scene) => {
    const { cluster, traffic } = await harbour(scene);
    const { visitor, tab } = await open(scene, cluster.nodes[1], { ...DESK, colorScheme: "light" });
    await eventually("enough was read", () => traffic.answered > 20 * SECONDS, {
      within: 20_000 + SECONDS * 1_000,
    });
    await eventually("it is shown", async () => (await tab.locator("#busiest li a").count()) >= 5);
    assert.equal(await tab.locator("#headline").textContent(), "All 3 nodes are well");
    assert.equal(await tab.locator("#nodes [data-state='ready']").count(), 3);
    assert.match(await tab.locator("#whose").textContent(), /as crowd-1 sees it/);
    assert.deepEqual(await tab.locator("#dark li a").allTextContents(), ["driftwood", "weather"]);
    assert.match(await tab.locator("#denied").textContent(), /^1 project, on every node/);
    assert.match(
      await tab.locator("#ring").getAttribute("aria-label"),
      /crowd-0 owns \d+(\.\d)? %, crowd-1 owns/,
    );
    assert.equal(await tab.locator("#ring .band").count(), 3);
    const rate = async () => Number(await tab.locator("#ring .rate").textContent());
    await eventually(
      "the rate is about what visitors do",
      async () => (await rate()) > 8 && (await rate()) < 80,
    );
    const before = await tab.locator(".chart .line").first().getAttribute("d");
    await eventually("the chart moves", async () => {
      return (await tab.locator(".chart .line").first().getAttribute("d")) !== before;
    });
    await check(tab, "light, on a desk");
    await take(tab, "admin-light", { fullPage: true });
    if (SECONDS >= 60) {
      const path = join(root, "crates/node/pictures/admin.png");
      await tab.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width: 1280, height: 1240 } });
    }
    const night = await open(scene, cluster.nodes[0], { ...DESK, colorScheme: "dark" });
    await eventually("it is live", async () => (await night.tab.locator("#busiest li a").count()) >= 5);
    await check(night.tab, "dark, on a desk");
    await take(night.tab, "admin-dark", { fullPage: true });
    const phone = await open(scene, cluster.nodes[2], {
      ...PHONE,
      colorScheme: "light",
      reducedMotion: "reduce",
    });
    await eventually("it is live", async () => (await phone.tab.locator("#busiest li a").count()) >= 5);
    assert((await sideways(phone.tab)) <= 0, "the page does not scroll sideways");
    await check(phone.tab, "light, on a phone");
    await take(phone.tab, "admin-phone", { fullPage: true });
    for (const { context, console } of [visitor, night.visitor, phone.visitor]) {
      assert.deepEqual(console, [], "nothing is complained of, the policy kept");
      assert(context.pages().every((page) => page.url().startsWith("http://127.0.0.1:")));
    }
    const foreign = visitor.requests
      .map((request) => request.url())
      .filter((url) => !url.startsWith(tab.url()));
    assert.deepEqual(foreign, [], "nothing comes from elsewhere");
  },
  { timeout: 90_000 + SECONDS * 1_000 },
);

scenario("a node that is killed is said to be gone, and one's own node too", async (scene) => {
  const { cluster } = await harbour(scene);
  const { tab } = await open(scene, cluster.nodes[0], DESK);
  const headline = async () => (await tab.locator("#headline").textContent()) ?? "";
  await eventually("all are well", async () => (await headline()) === "All 3 nodes are well");
  await cluster.kill(2);
  await eventually("it is missed", async () => /^crowd-2 (does not answer|is gone)$/.test(await headline()));
  await eventually("it is gone", async () => (await headline()) === "crowd-2 is gone", { within: 15_000 });
  assert.equal(await tab.locator("#nodes [data-state='gone']").count(), 1);
  await eventually("the others have its part of the ring", async () => {
    return (await tab.locator("#ring .share").count()) === 2;
  });
  await check(tab, "with one gone");
  await take(tab, "admin-one-gone");
  await cluster.kill(0);
  await eventually("the page says so", async () => (await headline()) === "This node does not answer");
  assert.match(await tab.locator("#health").textContent(), /heard last/);
});

scenario("pointing at a node shows its part of the ring", async (scene) => {
  const { cluster } = await harbour(scene);
  const { tab } = await open(scene, cluster.nodes[0], DESK);
  const picked = tab.locator("#ring .picked");
  await tab.getByRole("rowheader", { name: "crowd-1" }).hover();
  await eventually("its parts are picked", async () => (await picked.count()) === 2);
  assert.deepEqual(await picked.evaluateAll((parts) => parts.map((part) => part.dataset.node)), [
    "crowd-1",
    "crowd-1",
  ]);
  await tab.locator("h1").hover();
  await eventually("none is", async () => (await picked.count()) === 0);
});
