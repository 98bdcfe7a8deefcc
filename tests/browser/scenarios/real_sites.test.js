// Two real sites, as their packages ship them.
import assert from "node:assert/strict";

import { eventually } from "../support/eventually.js";
import { singlePageApp, sphinxSite } from "../support/sites.js";
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
    assert(first > 3, `${first} results`);
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

scenario(
  "a single-page app: deep links, its own routes, and its own service worker is refused",
  async (scene) => {
    const [node] = scene.nodes;
    const { project } = await scene.publishFolder(singlePageApp(), { project: scene.name("app") });
    const visitor = await scene.visitor();
    const tab = await visitor.page(node.at(project, "faq"));
    assert.equal(tab.response.status(), 200);
    const faq = tab.getByRole("heading", { name: /FAQ|Frequently/i }).first();
    await faq.waitFor();
    await visitor.ready(project);
    await tab.goto(node.at(project));
    await visitor.controlled(tab);
    await tab.getByRole("link", { name: "FAQ" }).first().click();
    await tab.waitForURL(node.at(project, "faq"));
    await faq.waitFor();
    await tab.reload();
    await faq.waitFor();
    await tab.goBack();
    await tab.waitForURL(node.at(project));
    const workers = await tab.evaluate(async () => {
      const all = await navigator.serviceWorker.getRegistrations();
      return all.flatMap(({ active, installing, waiting }) =>
        [active, installing, waiting].map((worker) => worker?.scriptURL).filter(Boolean),
      );
    });
    assert.deepEqual([...new Set(workers)], [node.at(project, ".crowd/worker.js")]);
  },
);
