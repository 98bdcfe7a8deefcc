// Being a host: one connection however many tabs, again after a restart of the browser, through another node when one
// dies, and offline as a whole for who keeps all of it.
import assert from "node:assert/strict";

import { eventually } from "../support/eventually.js";
import { page, picture, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 3, wires: true, flags: ["--cache-bytes", "0"] });

const FILES = {
  "index.html": page("Home", `<img src="a.svg"><a href="two.html">two</a>`),
  "two.html": page("Two", `<img src="b.svg">`),
  "three.html": page("Three", `<img src="big.bmp">`),
  "a.svg": svg("teal"),
  "b.svg": svg("navy"),
  "big.bmp": picture(400),
};
const sockets = (node, project) =>
  node.wire.asked((r) => r.path === "/.crowd/ws" && r.headers.origin?.includes(`//${project}.`));

scenario("three tabs have one connection, which outlives the first of them", async (scene) => {
  const { project, site, peer } = await scene.publish(FILES);
  const [node, , third] = scene.nodes;
  const visitor = await scene.visitor();
  const tabs = [await visitor.page(node.at(project))];
  await visitor.ready(project);
  tabs.push(await visitor.page(node.at(project, "two.html")), await visitor.page(node.at(project)));
  await visitor.status_where("it has both pages", (status) => status.haveChunks >= 4, project);
  await scene.hosted(project, 2, third);
  assert.equal(sockets(node, project).length, 1);
  await tabs[0].close();
  await tabs[1].close();
  peer.close();
  await scene.hosted(project, 1, third);
  const reader = await scene.peer(third);
  const { body } = await reader.request(project, { path: "two.html" });
  assert.equal(
    body.toString(),
    site.files["two.html"],
    "the last tab's connection answers for what the others saw",
  );
  assert.equal(sockets(node, project).length, 1);
});

scenario("a browser that was restarted is a host again from what it keeps", async (scene) => {
  const { project, site, peer } = await scene.publish(FILES);
  const [node, , third] = scene.nodes;
  const visitor = await scene.visitorWithProfile();
  await visitor.page(node.at(project));
  await visitor.ready(project);
  await visitor.status_where("it has the page", (status) => status.haveChunks >= 2, project);
  await visitor.close();
  await scene.hosted(project, 1, third);
  node.wire.forget();
  const again = await scene.visitorWithProfile(visitor.profile);
  const tab = await again.page(node.at(project));
  assert.equal(await tab.title(), "Home");
  await scene.hosted(project, 2, third);
  peer.close();
  await scene.hosted(project, 1, third);
  const reader = await scene.peer(third);
  assert.equal((await reader.request(project, { path: "a.svg" })).body.toString(), site.files["a.svg"]);
  const chunks = node.wire.asked((r) => r.path.includes("/chunk/"));
  assert.equal(chunks.length, 0, `nothing is fetched again: ${chunks.map((r) => r.path)}`);
});

scenario("a node dies while a page loads: the rest comes through another", async (scene) => {
  const cluster = await scene.startCluster(3, { wires: true, flags: ["--cache-bytes", "0"] });
  const [first, second] = cluster.nodes;
  const project = scene.name("torn");
  const { peer } = await scene.publish(FILES, { project, node: second, chunkSize: 16_384 });
  const visitor = await scene.visitor();
  const tab = await visitor.page(cluster.nodes[2].at(project));
  await visitor.ready(project);
  await visitor.controlled(tab).catch(() => tab.reload());
  await visitor.controlled(tab);
  // The picture's chunks come slowly, and in the middle of them the node dies.
  let answered = 0;
  const react = peer.react;
  peer.react = (hash, site) => {
    if (site.named(hash) === "big.bmp" && (answered += 1) === 4) void cluster.kill(2);
    return react(hash, site);
  };
  await tab.goto(cluster.nodes[2].at(project, "three.html"));
  assert.equal(await tab.title(), "Three");
  await eventually(
    "the picture is whole",
    () => tab.evaluate(() => document.images[0].naturalWidth === 400),
    {
      within: 20_000,
    },
  );
  assert(answered >= 4 && !cluster.nodes[2].alive, "the node died in the middle");
  // And it goes on being a host, by another node.
  await scene.hosted(project, 2, first);
});

scenario("who keeps all of it has all of it without a network", async (scene) => {
  const { project } = await scene.publish(FILES);
  const [node] = scene.nodes;
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(project));
  await visitor.ready(project);
  await tab.evaluate(() =>
    new BroadcastChannel("crowd").postMessage({ t: "set", what: "keepAll", value: true }),
  );
  await visitor.status_where(
    "all of it is kept",
    (status) => status.keepAll && status.haveChunks === status.allChunks,
    project,
  );
  await node.wire.cut();
  await visitor.context.setOffline(true);
  try {
    await tab.goto(node.at(project, "three.html"));
    assert.equal(await tab.title(), "Three");
    await eventually("its picture is shown", () =>
      tab.evaluate(() => document.images[0].naturalWidth === 400),
    );
  } finally {
    await node.wire.mend();
  }
});

scenario("a page that is open keeps its version, and the newer one is offered", async (scene) => {
  const { project, site, peer } = await scene.publish({
    "index.html": page("Version 1", `<img src="a.svg">`),
    "data.json": `{"version":1}`,
    "a.svg": svg("teal"),
  });
  const [node] = scene.nodes;
  const visitor = await scene.visitor({ shadows: true });
  const tab = await visitor.returning(node, project);
  await peer.publish(site.next({ "index.html": page("Version 2"), "data.json": `{"version":2}` }));
  await eventually(
    "the newer version is offered",
    () => visitor.messages("newer", project).find((m) => m.version === 2),
    {
      within: 20_000,
    },
  );
  const version = () =>
    tab.evaluate(async () => (await (await fetch("data.json", { cache: "no-store" })).json()).version);
  assert.equal(await tab.title(), "Version 1");
  assert.equal(await version(), 1, "a view never mixes files of two releases");
  // A tab beside it is of the old version, too, while that one is open.
  const beside = await visitor.page(node.at(project));
  assert.equal(await beside.title(), "Version 1");
  await beside.close();
  await tab.getByRole("button", { name: /a newer version is here/ }).click();
  await Promise.all([tab.waitForEvent("load"), tab.getByRole("button", { name: "Show it" }).click()]);
  assert.equal(await tab.title(), "Version 2");
  assert.equal(await version(), 2);
  await visitor.status_where("it hosts the newer one", (status) => status.version === 2, project);
});
