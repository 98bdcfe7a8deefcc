// A visit, from the first request to being a host, by the twelve states that the app tells of; then the next visitor,
// and the same one again without any network.
import assert from "node:assert/strict";

import { eventually } from "../support/eventually.js";
import { page, picture, sampleSite, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

// Nodes remember no chunk: what a visitor gets, a peer has answered.
const { scenario } = stage({ nodes: 3, wires: true, flags: ["--cache-bytes", "0"] });

const FILES = {
  "index.html": page(
    "Tides",
    `<img src="sea.bmp" width="90" height="90"><a href="deep/page.html">deep</a><script type="module" src="main.js"></script>`,
    `<link rel="stylesheet" href="style.css"><link rel="icon" href="light.svg">`,
  ),
  "deep/page.html": page("Deep", `<img src="../sea.bmp">`, `<link rel="stylesheet" href="../style.css">`),
  "style.css": "body { background: rgb(250, 245, 235) }",
  "main.js": `import { word } from "./word.js"; document.body.dataset.word = word;`,
  "word.js": `export const word = "tide";`,
  "sea.bmp": picture(220),
  "light.svg": svg("gold"),
  "unseen.html": page("Unseen"),
};

scenario("a first visit shows the page, tells its states in order, and makes a host", async (scene) => {
  const { project, site, peer } = await scene.publish(FILES);
  const [first, , third] = scene.nodes;
  const alice = await scene.visitor({ name: "alice" });
  await alice.page(first.at(project));
  await alice.ready(project);
  await scene.hosted(project, 2, third);
  // Alice can answer for what she saw; now nobody else does.
  peer.close();
  await scene.hosted(project, 1, third);

  const bob = await scene.visitor({ name: "bob" });
  const tab = await bob.page(third.at(project));
  assert.equal(await tab.title(), "Tides");
  assert.equal(await tab.evaluate(() => document.body.dataset.word), "tide");
  await bob.ready(project);
  await scene.hosted(project, 2, first);

  const seen = bob.states(project).map((state) => state.state);
  const firsts = [...new Set(seen)];
  assert.deepEqual(firsts, [1, 4, 5, 6, 7, 10, 11, 12], "the visitor's side, in order");
  const answered = alice.states(project).filter((state) => state.at >= bob.states(project)[0].at - 5);
  for (const state of [2, 3, 8, 9]) {
    assert(
      answered.some((told) => told.state === state),
      `the host tells of state ${state}`,
    );
  }
  const at = (state) => [...answered, ...bob.states(project)].find((told) => told.state === state).at;
  for (const [before, after] of [
    [1, 2],
    [2, 3],
    [3, 4],
    [4, 5],
    [7, 8],
    [8, 9],
    [9, 11],
    [10, 11],
    [11, 12],
  ]) {
    // Clocks of a browser's processes differ by a millisecond or two.
    assert(at(before) <= at(after) + 5, `state ${before} comes before ${after}: ${at(before)} ${at(after)}`);
  }
  // Nothing was fetched twice, by whichever part of the browser.
  for (const path of ["/", "/style.css", "/main.js", "/word.js", "/sea.bmp"]) {
    const asked = third.wire.asked((r) => r.path === path && r.host.startsWith(`${project}.`));
    assert.equal(asked.length, 1, `${path} is asked for once: ${JSON.stringify(asked)}`);
    if (path === "/") continue;
    for (const hash of site.chunks(path.slice(1))) {
      const again = third.wire.asked((r) => r.path.endsWith(hash));
      assert.equal(again.length, 0, `${path} is not fetched as chunks again`);
    }
  }
});

scenario("a second visit needs no network at all", async (scene) => {
  const { project } = await scene.publish(FILES);
  const [node] = scene.nodes;
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(project));
  await visitor.ready(project);
  await visitor.status_where("it has all that was seen", (status) => status.haveChunks >= 6, project);
  await node.wire.cut();
  await visitor.context.setOffline(true);
  try {
    await tab.reload();
    assert.equal(await tab.title(), "Tides");
    await eventually("the picture is shown", () =>
      tab.evaluate(() => document.querySelector("img").naturalWidth === 220),
    );
    assert.equal(await tab.evaluate(() => document.body.dataset.word), "tide");
    assert.equal(
      await tab.evaluate(() => getComputedStyle(document.body).backgroundColor),
      "rgb(250, 245, 235)",
    );
    const again = await visitor.page(`${node.at(project)}?from=elsewhere#part`);
    assert.equal(await again.title(), "Tides");
    // What was never seen can't be had, and the reader is told so, not shown a browser's error.
    const answer = await again.goto(node.at(project, "unseen.html"));
    assert([503, 504].includes(answer.status()));
    await again.getByRole("heading").first().waitFor();
  } finally {
    await node.wire.mend();
  }
});

scenario("the sample site is whole, first with the node's help and then without", async (scene) => {
  const [node] = scene.nodes;
  const { project } = await scene.publishFolder(sampleSite("hello", `localhost:${node.port}`), {
    project: "hello",
  });
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(project));
  await visitor.ready(project);
  const whole = () =>
    tab.evaluate(() =>
      [...document.images]
        .filter((image) => image.loading !== "lazy" && !image.naturalWidth)
        .map((i) => i.src),
    );
  await eventually("every picture is there", async () => (await whole()).length === 0);
  await tab.reload();
  await visitor.controlled(tab);
  await eventually("every picture is there, by the worker", async () => (await whole()).length === 0);
  await tab.getByRole("link", { name: "How it works" }).first().click();
  await tab.waitForURL(node.at(project, "how-it-works.html"));
  await tab.goto(node.at(project, "guide"));
  assert.equal(tab.url(), node.at(project, "guide/"));
});

scenario("one view is of one release, with its frames and workers", async (scene) => {
  const node = scene.nodes[0];
  const files = (release) => ({
    "index.html": page(`Release ${release}`, ""),
    "frame.html": `<!doctype html><title>frame</title><body>frame of ${release}</body>`,
    "data.txt": `data of ${release}`,
    "w.js": `fetch("/data.txt").then((answer) => answer.text()).then((text) => postMessage("worker of ${release}, " + text))`,
  });
  const { project, site, peer } = await scene.publish(files(1));
  const visitor = await scene.visitor();
  const old = await visitor.page(node.at(project, "?old"));
  await visitor.ready(project);
  await old.reload();
  await visitor.controlled(old);
  await peer.publish(site.next(files(2)));
  await eventually("the newer release is here", () => visitor.messages("newer", project).length > 0, {
    within: 20_000,
  });
  const fresh = await visitor.page(node.at(project));
  await fresh.reload();
  await visitor.controlled(fresh);
  const parts = (tab) =>
    tab.evaluate(async () => {
      const frame = document.createElement("iframe");
      const framed = new Promise((resolve) => (frame.onload = resolve));
      frame.src = "/frame.html";
      document.body.append(frame);
      await framed;
      const said = await new Promise((resolve) => (new Worker("/w.js").onmessage = resolve));
      return [document.title, frame.contentDocument.body.textContent.trim(), said.data];
    });
  const whole = (release) => [
    `Release ${release}`,
    `frame of ${release}`,
    `worker of ${release}, data of ${release}`,
  ];
  assert.deepEqual(await parts(old), whole(1));
  assert.deepEqual(await parts(fresh), whole(2));
});
