// Hosts and nodes that lie: a visitor never sees a wrong byte, and goes on with whoever tells the truth.
import assert from "node:assert/strict";

import { eventually, never } from "../support/eventually.js";
import { page, picture, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 2, wires: true, flags: ["--cache-bytes", "0"] });

const FILES = {
  "index.html": page("Truth", `<img src="a.svg"><p>the right words</p>`),
  "a.svg": svg("teal"),
  "b.html": page("Truth too", `<p>the right words</p><img src="big.bmp">`),
  "big.bmp": picture(300),
};
/** As long as the truth, and wrong. */
const lie = (hash, site) => {
  const bytes = site.bytes.get(hash);
  if (!bytes) return null;
  const text = bytes.toString("latin1").replaceAll("right", "wrong").replaceAll("Truth", "False");
  const wrong = Buffer.from(text, "latin1");
  wrong[wrong.length - 1] ^= 1;
  return wrong;
};

scenario("a lying host beside an honest one: the visitor sees the site, and nothing wrong", async (scene) => {
  const { project, site } = await scene.publish(FILES);
  for (const node of scene.nodes) {
    const liar = await scene.peer(node);
    liar.react = lie;
    await liar.host(site, "all");
  }
  await scene.hosted(project, 3, scene.nodes[1]);
  const visitor = await scene.visitor();
  for (const path of ["", "b.html", "", "b.html"]) {
    const tab = await visitor.page(scene.nodes[1].at(project, path));
    assert.match(await tab.locator("body").innerText(), /the right words/);
    await eventually("the picture is whole", () => tab.evaluate(() => document.images[0].naturalWidth > 0));
    if (!path) await visitor.ready(project);
    await tab.close();
  }
});

scenario("where everybody lies the visitor gets an explanation, never their bytes", async (scene) => {
  const { project, peer } = await scene.publish(FILES);
  const node = scene.nodes[1];
  const visitor = await scene.visitor();
  const tab = await visitor.returning(node, project);
  peer.react = lie;
  const answer = await tab.goto(node.at(project, "b.html"));
  assert.equal(answer.status(), 503);
  await never("wrong words", async () => /wrong words/.test(await tab.locator("body").innerText()), {
    during: 1_500,
  });
});

scenario("a lying node: the worker refuses what it sends and asks another", async (scene) => {
  const { project, site } = await scene.publish(FILES);
  const node = scene.nodes[1];
  const visitor = await scene.visitor();
  const tab = await visitor.returning(node, project);
  await eventually("it knows of the other node", () =>
    tab.evaluate(async () => {
      const opened = indexedDB.open("crowd");
      await new Promise((done) => (opened.onsuccess = done));
      const asked = opened.result.transaction("settings").objectStore("settings").get("nodes");
      await new Promise((done) => (asked.onsuccess = done));
      opened.result.close();
      return !!asked.result;
    }),
  );
  const lies = new Set();
  const hashes = [...site.chunks("b.html"), ...site.chunks("big.bmp")];
  await visitor.context.route("**/.crowd/v1/**/chunk/*", async (route) => {
    const hash = route.request().url().split("/").pop();
    const mine = new URL(route.request().url()).port === String(node.port);
    if (!mine || !hashes.includes(hash)) return route.fallback();
    lies.add(hash);
    return route.fulfill({ body: lie(hash, site), headers: { "access-control-allow-origin": "*" } });
  });
  await tab.goto(node.at(project, "b.html"));
  await eventually("the right page is shown, from the other node", async () => {
    return /the right words/.test(await tab.locator("body").innerText());
  });
  assert(lies.size > 0, "the node had its chance to lie");
});

scenario("a release by another owner is refused, also with a higher version", async (scene) => {
  const { project, site } = await scene.publish(FILES);
  const node = scene.nodes[1];
  const visitor = await scene.visitor();
  const tab = await visitor.returning(node, project);
  const { TestSite } = await import("../support/test_site.js");
  const stolen = new TestSite(project, { "index.html": page("Stolen") }, { version: 9 });
  let told = 0;
  await visitor.context.route(`**/.crowd/v1/${project}/release`, (route) => {
    told += 1;
    return route.fulfill({ json: stolen.release, headers: { "access-control-allow-origin": "*" } });
  });
  await visitor.context.route(`**/chunk/${stolen.release.manifest}`, (route) =>
    route.fulfill({
      body: stolen.bytes.get(stolen.release.manifest),
      headers: { "access-control-allow-origin": "*" },
    }),
  );
  for (let round = 0; round < 2; round += 1) {
    await tab.goto(node.at(project, round ? "b.html" : ""));
    await never("the stolen page", async () => (await tab.title()) === "Stolen", { during: 500 });
  }
  assert.match(await tab.locator("body").innerText(), /the right words/);
  assert(site && told >= 0);
});
