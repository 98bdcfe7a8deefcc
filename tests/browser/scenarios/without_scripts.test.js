// The same address for whoever runs no scripts: the same site, its crowd links rewritten; and a file's own bytes for
// whoever downloads. Nothing of the app is needed.
import assert from "node:assert/strict";

import { page, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 3 });

scenario("a reader without JavaScript sees the whole site, crowd links and all", async (scene) => {
  const project = scene.name("plain");
  const { project: other } = await scene.publish({
    "index.html": page("The other one"),
    "dot.svg": svg("teal"),
  });
  await scene.publish(
    {
      "index.html": page(
        "Plain",
        `<a id="own" href="crowd://${project}/more.html">more</a> <a id="other" href="crowd://${other}/">other</a>
         <img id="here" src="crowd://${project}/dot.svg"> <img id="there" src="crowd://${other}/dot.svg">
         <img id="set" srcset="crowd://${project}/dot.svg 1x, dot.svg?2 2x">`,
      ),
      "more.html": page("More"),
      "dot.svg": svg("navy"),
    },
    { project },
  );
  const node = scene.nodes[2];
  const reader = await scene.visitor({ javaScriptEnabled: false });
  const tab = await reader.page(node.at(project));
  assert.equal(await tab.title(), "Plain");
  for (const picture of ["#here", "#there", "#set"]) {
    const { width } = await tab.locator(picture).evaluate((image) => ({ width: image.naturalWidth }));
    assert.equal(width, 20, `${picture} is shown`);
  }
  await tab.click("#own");
  assert.equal(tab.url(), node.at(project, "more.html"));
  await tab.goBack();
  await tab.click("#other");
  assert.equal(tab.url(), node.at(other));
  assert.equal(await tab.title(), "The other one");
});

scenario("a download is the file's own bytes", async (scene) => {
  const files = { "index.html": page("Own", `<a href="crowd://own/x">x</a>`), "a b/ü.txt": "grüße" };
  const { project } = await scene.publish(files);
  const get = (path) => fetch(`${scene.nodes[1].url}/${project}/${path}`, { headers: { accept: "*/*" } });
  assert.equal(await (await get("")).text(), files["index.html"]);
  assert.equal(await (await get("a%20b/%C3%BC.txt")).text(), files["a b/ü.txt"]);
  const missing = await get("missing.png");
  assert.equal(missing.status, 404);
  assert.match(missing.headers.get("content-type"), /^text\/plain/);
});

scenario(
  "an address at the node leads to the project's own origin, path and query and all",
  async (scene) => {
    const { project } = await scene.publish({ "index.html": page("Home"), "a/b.html": page("Deep") });
    const node = scene.nodes[1];
    const reader = await scene.visitor();
    const tab = await reader.page(`${node.landing}${project}/a/b.html?q=1#part`);
    assert.equal(tab.url(), `${node.at(project, "a/b.html")}?q=1#part`);
    assert.equal(await tab.title(), "Deep");
  },
);
