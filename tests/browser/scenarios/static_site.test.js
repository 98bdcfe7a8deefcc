// An unmodified static site just works: each of these is played twice, at first by the node's rendering and then by the
// worker from verified chunks.
import assert from "node:assert/strict";

import { eventually } from "../support/eventually.js";
import { font, page, svg, tone } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 2, wires: true });

const FILES = {
  "index.html": page(
    "Home",
    `<a id="deep" href="guide/a%20b.html#part">deep</a>
     <form action="found.html"><input name="q" value="a&b ü"><button>find</button></form>
     <p id="word" style="font-family: Probe">font</p>
     <img id="missing" src="missing.png"><script type="module" src="js/main.js"></script>
     <audio src="tone.wav" preload="auto"></audio>`,
    `<style>@font-face { font-family: Probe; src: url(font.ttf) }</style><link rel="icon" href="dot.svg">`,
  ),
  "guide/index.html": page("Guide", `<a href="a%20b.html">next</a><a href="../">home</a>`),
  "guide/a b.html": page("Deep", `<a href="./">guide</a><p id="part">part</p>`),
  "found.html": page(
    "Found",
    `<script>document.body.dataset.q = new URLSearchParams(location.search).get("q")</script>`,
  ),
  "404.html": page("Not here"),
  "js/main.js": `import { name } from "./lib/name.mjs"; const later = await import("./later.js");
     const data = await (await fetch("../data/list.json")).json();
     document.body.dataset.made = [name, later.name, data.name].join();`,
  "js/lib/name.mjs": `export const name = "static";`,
  "js/later.js": `export const name = "dynamic";`,
  "data/list.json": `{"name":"fetched"}`,
  "font.ttf": font(),
  "dot.svg": svg("teal"),
  "tone.wav": tone(60),
  "empty.txt": "",
};

const WAYS = {
  "by the node": (scene) => visit(scene, false),
  "by the worker": (scene) => visit(scene, true),
};

/** A tab at the site's first page. */
async function visit(scene, byWorker) {
  const { project, site } = await scene.publish(FILES, { chunkSize: 16_384 });
  const node = scene.nodes[1];
  const visitor = await scene.visitor();
  const tab = await visitor.page(byWorker ? node.at(project, "found.html") : node.at(project));
  if (byWorker) {
    await visitor.ready(project);
    await tab.goto(node.at(project));
    await visitor.controlled(tab);
  }
  return { visitor, tab, site, at: (path) => node.at(project, path) };
}

for (const [way, open] of Object.entries(WAYS)) {
  scenario(`pages, links, history, forms and missing pages work (${way})`, async (scene) => {
    const { tab, at, visitor } = await open(scene);
    await tab.click("#deep");
    assert.equal(tab.url(), at("guide/a%20b.html#part"));
    assert.equal(await tab.title(), "Deep");
    await tab.reload();
    assert.equal(await tab.title(), "Deep");
    await tab.click("text=guide");
    await tab.waitForURL(at("guide/"));
    await tab.goBack();
    assert.equal(await tab.title(), "Deep");
    await tab.goBack();
    assert.equal(await tab.title(), "Home");
    await tab.goForward();
    assert.equal(await tab.title(), "Deep");
    await tab.goto(at("guide"));
    assert.equal(tab.url(), at("guide/"), "a folder gets its slash");
    await tab.goto(at(""));
    await tab.click("button");
    await eventually(
      "the form's answer is read",
      async () => (await tab.evaluate(() => document.body.dataset.q)) === "a&b ü",
    );
    const missing = await tab.goto(at("no/such/page"));
    assert.equal(missing.status(), 404);
    assert.equal(await tab.title(), "Not here");
    const deep = await visitor.page(at("guide/a%20b.html"));
    assert.equal(await deep.title(), "Deep");
  });

  scenario(`modules, data, fonts and pictures load, and a missing one is a 404 (${way})`, async (scene) => {
    const { tab, visitor } = await open(scene);
    await eventually("the modules ran", async () => {
      return (await tab.evaluate(() => document.body.dataset.made)) === "static,dynamic,fetched";
    });
    assert.equal(
      await tab.evaluate(async () => (await document.fonts.load("20px Probe"))[0]?.status),
      "loaded",
    );
    assert.equal(await tab.evaluate(() => document.querySelector("#missing").naturalWidth), 0);
    const missing = await tab.evaluate(async () => {
      const answer = await fetch("missing.png");
      return {
        status: answer.status,
        type: answer.headers.get("content-type") ?? "",
        text: await answer.text(),
      };
    });
    assert.equal(missing.status, 404);
    assert.doesNotMatch(missing.text, /Home/, "never the first page in place of a picture");
    const pictures = visitor.requests.filter((request) => request.url().endsWith("missing.png"));
    for (const request of pictures) assert.equal((await request.response()).status(), 404);
    const empty = await tab.evaluate(async () => {
      const answer = await fetch("empty.txt");
      return [answer.status, await answer.text()];
    });
    assert.deepEqual(empty, [200, ""]);
    const head = await tab.evaluate(async () => {
      const answer = await fetch("data/list.json", { method: "HEAD" });
      return [answer.status, answer.headers.get("content-type"), await answer.text()];
    });
    assert.deepEqual(head, [200, "application/json; charset=utf-8", ""]);
  });

  scenario(`sound and film can be sought: ranges are 206 and exact (${way})`, async (scene) => {
    const { tab } = await open(scene);
    const sound = Buffer.from(FILES["tone.wav"]);
    await tab.evaluate(async () => {
      const audio = document.querySelector("audio");
      audio.currentTime = 50;
      await new Promise((done, fail) => {
        audio.addEventListener("seeked", done);
        audio.addEventListener("error", () => fail(new Error(audio.error.message)));
      });
    });
    assert.equal(await tab.evaluate(() => document.querySelector("audio").currentTime), 50);
    const range = (value) =>
      tab.evaluate(async (range) => {
        const answer = await fetch("tone.wav", { headers: { range } });
        const bytes = new Uint8Array(await answer.arrayBuffer());
        return { status: answer.status, range: answer.headers.get("content-range"), bytes: [...bytes] };
      }, value);
    const size = sound.length;
    for (const [asked, from, to] of [
      ["bytes=0-99", 0, 100],
      ["bytes=16380-16390", 16_380, 16_391],
      ["bytes=40000-80000", 40_000, 80_001],
      [`bytes=${size - 10}-`, size - 10, size],
      ["bytes=-5", size - 5, size],
    ]) {
      const answer = await range(asked);
      assert.equal(answer.status, 206, asked);
      assert.equal(answer.range, `bytes ${from}-${to - 1}/${size}`);
      assert(Buffer.from(answer.bytes).equals(sound.subarray(from, to)), `${asked} has the right bytes`);
    }
    assert.equal((await range(`bytes=${size}-`)).status, 416);
    const whole = await tab.evaluate(async () => {
      const answer = await fetch("tone.wav");
      return [answer.status, (await answer.arrayBuffer()).byteLength];
    });
    assert.deepEqual(whole, [200, size], "a whole answer comes after partial ones");
  });
}
