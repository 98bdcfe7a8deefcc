// Crowd addresses of every kind lead where they should, at first (the node renders) and then by the worker.
import assert from "node:assert/strict";

import { eventually } from "../support/eventually.js";
import { page, svg, tone } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 2 });

/** What a page holds; `c` makes a crowd address of a path. */
const body = (c) => `
  <img id="img" src="${c("img.svg")}"><img id="srcset" srcset="${c("set.svg")} 1x, ${c("set2.svg")} 2x">
  <picture><source srcset="${c("source.svg")}"><img id="picture"></picture>
  <video id="poster" poster="${c("poster.svg")}"></video><audio id="audio" src="${c("tone.wav")}" preload="auto"></audio>
  <input id="input" type="image" src="${c("input.svg")}"><object id="object" data="${c("object.svg")}" type="image/svg+xml"></object>
  <div id="style" style="width:20px;height:20px;background-image:url('${c("style.svg")}')"></div>
  <div id="sheet"></div><div id="imported"></div><div id="inline"></div>
  <svg width="20" height="20"><image id="image" href="${c("image.svg")}" width="20" height="20"/></svg>
  <a id="a" href="${c("linked.html")}?q=1#part">a</a>
  <form id="form" action="${c("linked.html")}"><button>go</button></form>
  <script src="${c("script.js")}"></script><script type="module" src="${c("module.js")}"></script>`;
const head = (c) =>
  `<link rel="stylesheet" href="${c("sheet.css")}"><style>#inline { background: url(${c("inline.svg")}); width: 20px; height: 20px }</style>`;

const files = (c) => ({
  ...Object.fromEntries(
    [
      "img",
      "set",
      "set2",
      "source",
      "poster",
      "input",
      "object",
      "style",
      "image",
      "inline",
      "sheet",
      "imported",
      "late",
      "second",
    ].map((name) => [`${name}.svg`, svg("teal")]),
  ),
  "tone.wav": tone(1),
  "script.js": `window.classicRan = true`,
  "module.js": `window.moduleRan = true`,
  "late.js": `window.lateRan = true`,
  "sheet.css": `@import "${c("imported.css")}"; #sheet { background: url("${c("sheet.svg")}"); width: 20px; height: 20px }`,
  "imported.css": `/* url(crowd://not/a/link) */ #imported { background: url(${c("imported.svg")}); width: 20px; height: 20px; color: rgb(1, 2, 3) }`,
  "linked.html": page("Linked"),
  "index.html": page("Index"),
});

/** The names of the files that the browser got for the page, by whatever address. */
async function loaded(visitor) {
  const names = [];
  for (const request of visitor.requests) {
    const response = request.failure() ? null : request.existingResponse();
    if (response?.ok()) names.push(request.url().split("/").pop());
  }
  return names;
}

async function check(visitor, tab, expectLinked) {
  const images = ["#img", "#srcset", "#picture", "#input"];
  await eventually("pictures are shown", async () => {
    const missing = await tab.evaluate((ids) => {
      const shown = (image) =>
        image.naturalWidth > 0 || (image.type === "image" && image.getBoundingClientRect().width >= 20);
      return ids.filter((id) => !shown(document.querySelector(id)));
    }, images);
    if (missing.length) throw new Error(`missing: ${missing}`);
    return true;
  });
  await eventually("scripts ran", async () => {
    const ran = await tab.evaluate(() => [
      window.classicRan,
      window.moduleRan,
      document.readyState,
      location.href,
    ]);
    if (!ran.every(Boolean)) throw new Error(`classic, module: ${ran}`);
    return true;
  });
  await eventually("the sound is there", () =>
    tab.evaluate(() => document.querySelector("#audio").readyState >= 2),
  );
  await eventually("the object is there", () =>
    tab.evaluate(() => document.querySelector("#object").getBoundingClientRect().width <= 300),
  );
  await eventually("styles and what they name are there", async () => {
    const names = await loaded(visitor);
    const wanted = [
      "imported.css",
      "imported.svg",
      "sheet.svg",
      "style.svg",
      "inline.svg",
      "poster.svg",
      "object.svg",
      "image.svg",
    ];
    const missing = wanted.filter((name) => !names.includes(name));
    if (missing.length) throw new Error(`not loaded: ${missing} of ${names}`);
    return true;
  });
  assert.equal(
    await tab.evaluate(() => getComputedStyle(document.querySelector("#imported")).color),
    "rgb(1, 2, 3)",
  );
  assert.equal(await tab.evaluate(() => document.querySelector("#a").href), `${expectLinked}?q=1#part`);
  assert.equal(await tab.evaluate(() => document.querySelector("#form").action), expectLinked);
}

/** Nodes that a script inserts later, each with a crowd address. */
async function checkLater(visitor, tab, c, expectLinked) {
  await tab.evaluate(
    (addresses) => {
      const image = document.createElement("img");
      image.id = "late";
      image.src = addresses.image;
      document.body.append(image);
      const script = document.createElement("script");
      script.src = addresses.script;
      document.body.append(script);
      const holder = document.createElement("div");
      holder.innerHTML = `<p><a id="late-a" href="${addresses.linked}">late</a><span style="background:url(${addresses.second});display:block;width:9px;height:9px"></span></p>`;
      document.body.append(holder);
      document.querySelector("#img").src = addresses.image;
    },
    { image: c("late.svg"), script: c("late.js"), linked: c("linked.html"), second: c("second.svg") },
  );
  await eventually("the late picture is shown", () =>
    tab.evaluate(() => document.querySelector("#late").naturalWidth === 20),
  );
  await eventually("the late script ran", () => tab.evaluate(() => window.lateRan));
  await eventually("the changed picture is shown", () =>
    tab.evaluate(() => document.querySelector("#img").naturalWidth === 20),
  );
  await eventually("the late style is loaded", async () => (await loaded(visitor)).includes("second.svg"));
  assert.equal(await tab.evaluate(() => document.querySelector("#late-a").href), expectLinked);
}

for (const target of ["the same project", "another project", "another server"]) {
  for (const by of ["the node", "the worker"]) {
    scenario(`links to ${target}, rendered by ${by}`, async (scene) => {
      const node = scene.nodes[1];
      const project = scene.name("links");
      let [there, other, server] = [node, project, ""];
      if (target !== "the same project") other = scene.name("other");
      if (target === "another server") {
        [there] = (await scene.startCluster(1)).nodes;
        server = `localhost:${there.port}/`;
      }
      const c = (path) => `crowd://${server}${other}/${path}`;
      const mine = { "index.html": page("Links", body(c), head(c)), "start.html": page("Start") };
      if (target === "the same project") {
        await scene.publish({ ...files(c), ...mine }, { project });
      } else {
        await scene.publish(files(c), { project: other, node: there });
        await scene.publish(mine, { project });
      }
      const visitor = await scene.visitor();
      const tab = await visitor.page(node.at(project, by === "the worker" ? "start.html" : ""));
      await visitor.ready(project);
      if (by === "the worker") {
        await tab.reload();
        await visitor.controlled(tab);
        await tab.goto(node.at(project));
      }
      const expected =
        target === "another server"
          ? `http://localhost:${there.port}/${other}/linked.html`
          : node.at(other, "linked.html");
      await check(visitor, tab, expected);
      await checkLater(visitor, tab, c, expected);
      await tab.click("#a");
      await eventually("the link leads there", async () => (await tab.title()) === "Linked");
      assert.equal(tab.url(), `${there.at(other, "linked.html")}?q=1#part`);
    });
  }
}

for (const by of ["the node", "the worker"]) {
  scenario(`alternatives are tried in order, at load and later (${by})`, async (scene) => {
    const node = scene.nodes[0];
    const { project: good } = await scene.publish({ "index.html": page("Good"), "x.svg": svg("teal") });
    const gone = scene.name("gone");
    const alternatives = `crowd://${gone}/x.svg,crowd://${good}/missing.svg,crowd://${good}/x.svg`;
    const { project } = await scene.publish({
      "index.html": page(
        "Alternatives",
        `<img id="now" src="crowd://${gone}/first.svg" data-src="${alternatives}">`,
      ),
      "start.html": page("Start"),
    });
    const visitor = await scene.visitor();
    const tab = await visitor.page(node.at(project, by === "the worker" ? "start.html" : ""));
    await visitor.ready(project);
    if (by === "the worker") {
      await tab.reload();
      await visitor.controlled(tab);
      await tab.goto(node.at(project));
    }
    const shown = (id) => tab.evaluate((id) => document.querySelector(id).naturalWidth === 20, id);
    await eventually("the third one is shown", () => shown("#now"));
    await tab.evaluate(
      ({ alternatives, gone }) => {
        const image = document.createElement("img");
        image.id = "later";
        image.dataset.src = alternatives;
        image.src = `crowd://${gone}/first.svg`;
        document.body.append(image);
      },
      { alternatives, gone },
    );
    await eventually("the third one is shown for a late node", () => shown("#later"));
  });
}

scenario("what only looks like a link stays as it is, to the byte", async (scene) => {
  const script = `window.text = "crowd://p/x"; // crowd://p/y`;
  const { project, site } = await scene.publish({
    "index.html": page(
      "Text",
      `<p id="p">crowd://p/x</p><textarea>crowd://p/z</textarea><script>${script}</script>`,
    ),
  });
  const node = scene.nodes[0];
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(project));
  await visitor.ready(project);
  for (let round = 0; round < 2; round += 1) {
    assert.equal(await tab.evaluate(() => window.text), "crowd://p/x");
    assert.equal(await tab.evaluate(() => document.querySelector("#p").textContent), "crowd://p/x");
    assert.equal(await tab.evaluate(() => document.querySelector("textarea").value), "crowd://p/z");
    await tab.reload();
    await visitor.controlled(tab);
  }
  const raw = await tab.evaluate(async () => (await fetch("index.html")).text());
  assert.equal(raw, site.files["index.html"], "fetch gets the file's own bytes");
});

scenario("what another project's files name from their root is theirs", async (scene) => {
  const node = scene.nodes[0];
  const { project: lib } = await scene.publish({
    "css/a.css": "#box { background: url(/bg.svg); width: 20px; height: 20px }",
    "bg.svg": svg("red"),
    "js/m.js": `import { words } from "/js/n.js"; document.body.dataset.words = words;`,
    "js/n.js": `export { words } from "/js/deeper.js";`,
    "js/deeper.js": `export const words = "from its own root";`,
  });
  const { project } = await scene.publish({
    "index.html": page(
      "Uses",
      `<div id="box"></div><script type="module" src="crowd://${lib}/js/m.js"></script>`,
      `<link rel="stylesheet" href="crowd://${lib}/css/a.css">`,
    ),
  });
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(project));
  await visitor.ready(project);
  await visitor.controlled(tab);
  const refused = [];
  tab.on("response", (response) => response.status() >= 400 && refused.push(response.url()));
  await tab.goto(node.at(project, "?again"));
  await eventually("the modules ran", () =>
    tab.evaluate(() => document.body.dataset.words === "from its own root"),
  );
  await eventually("the picture is there", async () => (await loaded(visitor)).includes("bg.svg"));
  assert.deepEqual(refused, []);
});

scenario(
  "what a page says to browsers without scripts stays text, rendered by the worker too",
  async (scene) => {
    const node = scene.nodes[0];
    const project = scene.name("quiet");
    const head = `<noscript><img id="pixel" src="/pixel.svg"></noscript><style>p { color: rgb(1, 2, 3) }</style>`;
    const files = {
      "index.html": page("Quiet", `<p>hi <a href="crowd://${project}/x">x</a></p>`, head),
      "pixel.svg": svg("red"),
    };
    await scene.publish(files, { project });
    const visitor = await scene.visitor();
    const tab = await visitor.page(node.at(project));
    await visitor.ready(project);
    await visitor.controlled(tab);
    await tab.goto(node.at(project, "?again"));
    await eventually("the page is written", async () => (await tab.locator("p a").count()) === 1);
    const seen = await tab.evaluate(() => [
      document.querySelector("#pixel"),
      document.head.querySelector("noscript")?.textContent,
      getComputedStyle(document.querySelector("p")).color,
    ]);
    assert.deepEqual(seen, [null, `<img id="pixel" src="/pixel.svg">`, "rgb(1, 2, 3)"]);
    assert(!visitor.requests.some((request) => request.url().endsWith("pixel.svg")));
  },
);

scenario("an address among the files of others leads to no stranger's page", async (scene) => {
  const node = scene.nodes[0];
  const { project } = await scene.publish({ "index.html": page("Home") });
  const { project: other } = await scene.publish({ "index.html": page("Other") });
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(project));
  await visitor.ready(project);
  await visitor.controlled(tab);
  const address = node.at(project, ".crowd/x/evil.test/phish/login?a=1");
  assert.equal((await tab.goto(address)).status(), 404);
  assert.equal(tab.url(), address);
  await tab.goto(node.at(project, `.crowd/x/${other}/`));
  assert.equal(tab.url(), node.at(other));
});
