// Two real sites, as their packages ship them.
import assert from "node:assert/strict";

import { eventually } from "../support/eventually.js";
import { page, singlePageApp, sphinxSite, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 2, wires: true });

scenario(
  "documentation made by Sphinx: its search finds, with the node, the worker, and offline",
  async (scene) => {
    const [node] = scene.nodes;
    const { project } = await scene.publishFolder(sphinxSite(), { project: scene.name("docs") });
    const visitor = await scene.visitor();
    const tab = await visitor.page(node.at(project));
    assert.match(await tab.title(), /chardet/);
    const search = async () => {
      await tab.goto(node.at(project));
      await tab.locator("#rtd-search-form input[name=q]").fill("cyrillic");
      await tab.keyboard.press("Enter");
      await tab.waitForURL(/search\.html\?q=cyrillic/);
      const results = tab.locator("#search-results ul.search li a");
      await results.first().waitFor();
      await eventually("results have their summaries", () =>
        tab.locator("#search-results ul.search li p.context").count(),
      );
      return results.count();
    };
    const first = await search();
    assert(first > 1, `${first} results`);
    await visitor.ready(project);
    assert.equal(await search(), first, "as many by the worker");
    await visitor.controlled(tab);
    await tab.locator("#search-results ul.search li a").first().click();
    await tab.waitForURL(/highlight=cyrillic|html#|\.html$/);
    await visitor.status_where("what was seen is kept", (status) => status.haveChunks > 30, project);
    await node.wire.cut();
    await visitor.context.setOffline(true);
    try {
      assert.equal(await search(), first, "as many offline");
    } finally {
      await node.wire.mend();
    }
  },
);

scenario("a single-page app: deep links, its own routes, and no service worker of its own", async (scene) => {
  const [node] = scene.nodes;
  const { project } = await scene.publishFolder(singlePageApp(), { project: scene.name("app") });
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(project, "faq"));
  assert.equal(tab.response.status(), 200);
  const faq = tab.getByRole("heading", { name: /FAQ|Frequently/i }).first();
  await faq.waitFor();
  await visitor.ready(project);
  await tab.goto(node.at(project));
  await tab
    .locator("a[href='/faq']")
    .first()
    .evaluate((link) => link.click());
  await tab.waitForURL(node.at(project, "faq"));
  await faq.waitFor();
  await tab.reload();
  await faq.waitFor();
  await tab.goBack();
  await tab.waitForURL(node.at(project));
  const workers = await tab.evaluate(async () => {
    const all = await navigator.serviceWorker.getRegistrations();
    const scripts = all.flatMap(({ active, installing, waiting }) => [active, installing, waiting]);
    return scripts.map((worker) => worker?.scriptURL).filter(Boolean);
  });
  for (const worker of workers) assert.equal(worker, node.at(project, ".crowd/worker.js"));
});

// What many built apps do at their start: they drop whatever worker is there.
const DROPS = `navigator.serviceWorker.ready
  .then((registration) => registration.unregister())
  .then(() => (window.dropped = true));`;

scenario("a site that unregisters workers when it starts is offline all the same", async (scene) => {
  const [node] = scene.nodes;
  const { project } = await scene.publish({
    "index.html": page("Dropper", `<img src="a.svg">`, `<script defer src="main.js"></script>`),
    "main.js": DROPS,
    "a.svg": svg("teal"),
  });
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(project));
  await visitor.ready(project);
  for (let visit = 0; visit < 3; visit += 1) {
    await tab.goto(node.at(project));
    await visitor.controlled(tab);
    await eventually("the site has dropped what it found", () => tab.evaluate(() => window.dropped));
    await eventually("the app has come back", () =>
      tab.evaluate(async () => !!(await navigator.serviceWorker.getRegistration("/"))),
    );
  }
  await node.wire.cut();
  try {
    await tab.goto(node.at(project));
    assert.equal(await tab.title(), "Dropper");
  } finally {
    await node.wire.mend();
  }
});
