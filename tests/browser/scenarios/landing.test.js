// The landing page of a node: opening a project, publishing from the browser, and the keys that own it.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { eventually } from "../support/eventually.js";
import { binary, temporary } from "../support/places.js";
import { page, picture, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 3 });

function folder(title) {
  const root = join(temporary("publish"), "my-pages");
  mkdirSync(join(root, "sub"), { recursive: true });
  writeFileSync(join(root, "index.html"), page(title, `<img src="sub/a b.svg"><img src="sea.bmp">`));
  writeFileSync(join(root, "sub/a b.svg"), svg("teal"));
  writeFileSync(join(root, "sea.bmp"), picture(300));
  writeFileSync(join(root, ".DS_Store"), "no");
  return root;
}

async function choose(tab, root) {
  await tab.locator("#publisher").waitFor();
  await tab.locator("#folder").setInputFiles(root);
}

/** A real drop of a folder, as the browser itself makes it. */
async function drop(tab, root) {
  await tab.locator("#drop").scrollIntoViewIfNeeded();
  const box = await tab.locator("#drop").boundingBox();
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const session = await tab.context().newCDPSession(tab);
  const data = { items: [], files: [root], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"])
    await session.send("Input.dispatchDragEvent", { type, ...at, data });
}

async function publish(tab, project) {
  await tab.locator("#name").fill(project);
  const go = tab.locator("#go");
  await eventually("it can be published", () => go.isEnabled());
  await go.click();
  await eventually(
    "it is published",
    async () => {
      const problem = await tab.locator("#publish-problem").innerText();
      if (problem) throw new Error(problem);
      return tab.locator("#result").isVisible();
    },
    { within: 20_000 },
  );
}

/** Its title as another visitor sees it, by another node. */
async function titleAt(scene, node, project) {
  const reader = await scene.visitor({ name: "reader" });
  const tab = await reader.page(node.at(project));
  return tab.title();
}

for (const [how, give] of [
  ["chosen", choose],
  ["dropped", drop],
]) {
  scenario(`a folder that is ${how} is published, and seen through another node`, async (scene) => {
    const [node, , third] = scene.nodes;
    const publisher = await scene.visitor({ name: "publisher" });
    const tab = await publisher.page(node.landing);
    await tab.locator("#publisher").waitFor();
    const project = scene.name(how);
    await give(tab, folder("Mine"));
    await tab.locator("#draft").waitFor();
    assert.match(await tab.locator("#draft-what").innerText(), /3 files/);
    await publish(tab, project);
    await scene.hosted(project, 1, third);
    const reader = await scene.visitor({ name: "reader" });
    const seen = await reader.page(third.at(project));
    assert.equal(await seen.title(), "Mine");
    await eventually("its pictures are there", () =>
      seen.evaluate(() => [...document.images].every((image) => image.naturalWidth)),
    );
    await reader.ready(project);
    await scene.hosted(project, 2, node);
    await eventually(
      "the publisher is told of the second host",
      async () => {
        return /2/.test(await tab.locator("#yours").innerText());
      },
      { within: 15_000 },
    );
  });
}

scenario(
  "the sample site, with a file edited in the page, is published; again it is version 2; and back",
  async (scene) => {
    const [node, second] = scene.nodes;
    const publisher = await scene.visitor({ name: "publisher" });
    const tab = await publisher.page(node.landing);
    await tab.locator("#sample").click();
    await tab.locator("#draft").waitFor();
    const project = scene.name("edited");
    await publish(tab, project);
    const first = await titleAt(scene, second, project);
    assert.match(first, /\w/);
    const card = tab.locator("#projects").getByText(project).first();
    await card.waitFor();
    // A second version.
    await tab.getByRole("button", { name: `Publish again: ${project}` }).click();
    await choose(tab, folder("Second edition"));
    await publish(tab, project);
    const peer = await scene.peer(second);
    await eventually("it is version 2", async () => (await peer.resolve(project)).release.version === 2);
    await eventually(
      "the second edition is read",
      async () => (await titleAt(scene, second, project)) === "Second edition",
      { within: 20_000, every: 1_000 },
    );
    // Back to the first, which is a third release.
    await tab.locator("#projects summary", { hasText: "History" }).click();
    await tab.getByRole("button", { name: `Roll ${project} back to version 1` }).click();
    await eventually("it is version 3", async () => (await peer.resolve(project)).release.version === 3, {
      within: 20_000,
    });
    await eventually(
      "the first edition is read again",
      async () => (await titleAt(scene, second, project)) === first,
      { within: 20_000, every: 1_000 },
    );
  },
);

scenario("the key that is exported is the command's, and the command's can be imported", async (scene) => {
  const [node] = scene.nodes;
  const publisher = await scene.visitor({ name: "publisher" });
  const tab = await publisher.page(node.landing);
  await choose(tab, folder("Keyed"));
  const project = scene.name("keyed");
  await publish(tab, project);
  await tab.locator("#key .warn").waitFor();
  const [download] = await Promise.all([
    tab.waitForEvent("download"),
    tab.locator("#key").getByRole("button", { name: "Export the key" }).click(),
  ]);
  const file = join(temporary("keys"), "key.pem");
  await download.saveAs(file);
  assert(!(await tab.locator("#key .warn").isVisible()), "there is a copy now");
  const config = temporary("config");
  const keys = (...args) =>
    execFileSync(binary(), ["keys", ...args], { env: { CROWD_CONFIG_DIR: config }, encoding: "utf8" });
  keys("import", file);
  const owner = JSON.parse(keys("show", "--json")).owner;
  assert.equal(await tab.locator("#key code").first().innerText(), owner);
  // With it the command publishes the next version of what the browser published.
  const { publisher: command } = await scene.publishFolder(folder("By the command"), {
    project,
    node,
    config,
  });
  assert(command.told);
  const peer = await scene.peer(node);
  assert.equal((await peer.resolve(project)).release.version, 2);
  // The other way round, in a fresh browser.
  const other = await scene.visitor({ name: "other" });
  const fresh = await other.page(node.landing);
  await fresh.locator("#keys").waitFor();
  const made = temporary("config");
  execFileSync(binary(), ["keys", "new"], { env: { CROWD_CONFIG_DIR: made } });
  const exported = join(made, "exported.pem");
  execFileSync(binary(), ["keys", "export", "-o", exported], { env: { CROWD_CONFIG_DIR: made } });
  assert.match(readFileSync(exported, "utf8"), /BEGIN PRIVATE KEY/);
  await fresh.locator("#key-file").setInputFiles(exported);
  const shown = JSON.parse(
    execFileSync(binary(), ["keys", "show", "--json"], { env: { CROWD_CONFIG_DIR: made }, encoding: "utf8" }),
  );
  await eventually(
    "the owner is shown",
    async () => (await fresh.locator("#key code").first().innerText()) === shown.owner,
  );
});

scenario("a project is opened by name and by address, and listed", async (scene) => {
  const { project } = await scene.publish({ "index.html": page("Opened"), "a/b.html": page("Deep") });
  const node = scene.nodes[1];
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.landing);
  for (const [typed, url, title] of [
    [project, node.at(project), "Opened"],
    [`crowd://${project}/a/b.html`, node.at(project, "a/b.html"), "Deep"],
    [`crowd://localhost:${node.port}/${project}/a/b.html#x`, `${node.at(project, "a/b.html")}#x`, "Deep"],
  ]) {
    await tab.goto(node.landing);
    await tab.locator("#address").fill(typed);
    await tab.keyboard.press("Enter");
    await eventually(`${typed} opens`, async () => (await tab.title()) === title);
    assert.equal(tab.url(), url);
  }
  await tab.goto(node.landing);
  const entry = tab.locator("#recent").getByText(project).first();
  await entry.waitFor();
  const manage = tab.locator(`#recent a[href*="/.crowd/manage"]`).first();
  assert.equal(await manage.evaluate((link) => link.href), node.at(project, ".crowd/manage"));
  await eventually("health is told in a line", async () =>
    /3/.test(await tab.locator("#health").innerText()),
  );
});

scenario("a name that is another's is refused before anything is sent", async (scene) => {
  const { project } = await scene.publish({ "index.html": page("Taken") });
  const publisher = await scene.visitor();
  const tab = await publisher.page(scene.nodes[0].landing);
  await choose(tab, folder("Mine"));
  await tab.locator("#name").fill(project);
  await eventually("it says so", async () =>
    /taken|owned|belongs|another/i.test(await tab.locator("#name-state").innerText()),
  );
});
