// When a site can't be had at once: what the reader sees, how soon, and that it opens by itself.
import assert from "node:assert/strict";

import { eventually, never } from "../support/eventually.js";
import { page, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 2, wires: true, flags: ["--cache-bytes", "0"] });

const FILES = {
  "index.html": page("At last", `<img src="a.svg">`),
  "a.svg": svg("teal"),
  "b.html": page("Other page"),
};

/** Milliseconds from the navigation until the page says so, by the page's own clock. */
async function told(tab, words) {
  const at = await tab.waitForFunction(
    (words) => document.body?.innerText.includes(words) && performance.now(),
    words,
  );
  return at.jsonValue();
}

scenario(
  "nobody hosts it: the reader knows within two seconds, and it opens when a host appears",
  async (scene) => {
    const { project, site, peer } = await scene.publish(FILES);
    const node = scene.nodes[1];
    peer.close();
    await scene.hosted(project, 0, node);
    const visitor = await scene.visitor();
    const tab = await visitor.page(node.at(project));
    const took = await told(tab, "Nobody is hosting this now");
    assert(took < 2_000, `it took ${took} ms`);
    assert.equal(tab.response.status(), 503);
    const host = await scene.peer(scene.nodes[0]);
    await host.host(site);
    await eventually("it opens by itself", async () => (await tab.title()) === "At last", { within: 20_000 });
  },
);

scenario("the same for a page that a host's worker asks for in vain", async (scene) => {
  const { project, site, peer } = await scene.publish(FILES);
  const node = scene.nodes[1];
  const visitor = await scene.visitor();
  const tab = await visitor.returning(node, project);
  peer.close();
  await scene.hosted(project, 1, node);
  await tab.goto(node.at(project, "b.html"));
  const took = await told(tab, "Nobody is hosting this now");
  assert(took < 2_000, `it took ${took} ms`);
  const host = await scene.peer(scene.nodes[0]);
  await host.host(site);
  await eventually("it opens by itself", async () => (await tab.title()) === "Other page", {
    within: 20_000,
  });
});

scenario("a slow host: a quiet page with progress, then the site", async (scene) => {
  const { project, peer } = await scene.publish({
    "index.html": page("Slow"),
    "slow.html": page("Slow page"),
  });
  const node = scene.nodes[1];
  const visitor = await scene.visitor();
  const tab = await visitor.returning(node, project);
  let release = () => {};
  const held = new Promise((done) => (release = done));
  peer.react = async (hash, site) => {
    if (site.named(hash) === "slow.html") await held;
    return site.bytes.get(hash) ?? null;
  };
  await tab.goto(node.at(project, "slow.html"));
  await tab.getByRole("progressbar").first().waitFor();
  release();
  await eventually("the page is there", async () => (await tab.title()) === "Slow page");
});

scenario("an unknown project: what was asked, a way to try again, and the trace", async (scene) => {
  const node = scene.nodes[0];
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(scene.name("never-published")));
  assert.equal(tab.response.status(), 404);
  const text = await eventually("it says what is wrong", async () => {
    const text = await tab.locator("body").innerText();
    return /[0-9a-f]{32}/.test(text) && text;
  });
  assert.match(text, /never-published/);
  await tab
    .getByRole("button", { name: /again/i })
    .or(tab.getByRole("link", { name: /again/i }))
    .first()
    .waitFor();
});

scenario("a page that fails never reloads itself in a loop", async (scene) => {
  const { project, peer } = await scene.publish(FILES);
  const node = scene.nodes[1];
  peer.react = (hash, site) => (site.named(hash) === "index.html" ? null : site.bytes.get(hash));
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(project));
  let loads = 0;
  tab.on("load", () => (loads += 1));
  await eventually("it has said so", () => tab.locator("body").innerText());
  await never("a second reload", () => loads > 1, { during: 5_000 });
});

scenario("?crowd-reset forgets the origin's data and unregisters the worker", async (scene) => {
  const { project } = await scene.publish(FILES);
  const node = scene.nodes[1];
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(project));
  await visitor.ready(project);
  const stored = () =>
    tab.evaluate(async () => {
      const open = (name) =>
        new Promise((done, fail) => {
          const asked = indexedDB.open(name);
          asked.onsuccess = () => done(asked.result);
          asked.onerror = () => fail(asked.error);
        });
      const names = (await indexedDB.databases()).map(({ name }) => name);
      if (!names.includes("crowd")) return 0;
      const database = await open("crowd");
      const stores = [...database.objectStoreNames];
      if (!stores.includes("chunks")) return (database.close(), 0);
      const count = await new Promise((done) => {
        const asked = database.transaction("chunks").objectStore("chunks").count();
        asked.onsuccess = () => done(asked.result);
      });
      database.close();
      return count;
    });
  assert((await stored()) > 0);
  visitor.told.length = 0;
  await tab.evaluate(() => (localStorage.mark = "here"));
  await tab.goto(`${node.at(project)}?crowd-reset`);
  await tab.waitForURL(node.at(project));
  assert.equal(await tab.title(), "At last");
  assert.equal(await tab.evaluate(() => localStorage.mark ?? null), null);
  // It is a first visit again, and works as one.
  await visitor.ready(project);
});
