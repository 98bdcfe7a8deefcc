// Respect: what a visitor's browser uploads, and when. Where consent is wanted nothing leaves before a trusted click.
import assert from "node:assert/strict";

import { eventually, never } from "../support/eventually.js";
import { page, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 0 });

const FILES = { "index.html": page("Home", `<img src="a.svg">`), "a.svg": svg("teal") };
const SAVER = () =>
  Object.defineProperty(Navigator.prototype, "connection", {
    get: () => Object.assign(new EventTarget(), { saveData: true, type: "wifi", effectiveType: "4g" }),
  });
/** The badge's switch, or the button that says yes, whichever is shown. */
const hostingSwitch = (tab) =>
  tab
    .getByRole("switch", { name: /host/i })
    .or(tab.getByRole("button", { name: "Yes, help" }))
    .first();

async function visit(scene, hosting, options) {
  const cluster = await scene.startCluster(1, { wires: true, flags: hosting ? ["--hosting", hosting] : [] });
  const [node] = cluster.nodes;
  const { project } = await scene.publish(FILES, { node, project: scene.name("home") });
  const visitor = await scene.visitor({ shadows: true, ...options });
  const tab = await visitor.page(node.at(project));
  await eventually("the app is there", () => visitor.status(project));
  return { node, project, visitor, tab };
}

/** Everything but what a WebSocket needs to live and to watch. */
const idle = (node) => node.wire.uploaded < 1_500;

for (const [what, hosting, options] of [
  ["a node that asks first", "ask", {}],
  ["a visitor who saves data", null, { script: SAVER }],
]) {
  scenario(`${what}: nothing is uploaded before a click, and then it is a host`, async (scene) => {
    const { node, project, visitor, tab } = await visit(scene, hosting, options);
    await never("a host without consent", async () => (await scene.hosts(project, node)) > 1 || !idle(node), {
      during: 2_000,
      every: 200,
    });
    // A script's click is no consent.
    await tab.evaluate(() => {
      for (const host of document.querySelectorAll("*")) {
        host.shadowRoot?.querySelectorAll("button,input,[role=switch]").forEach((button) => button.click());
      }
    });
    await never("a host by a script's click", async () => (await scene.hosts(project, node)) > 1, {
      during: 1_000,
      every: 200,
    });
    await hostingSwitch(tab).click();
    await scene.hosted(project, 2, node);
    await visitor.ready(project);
  });
}

scenario("a node that never lets visitors host: the site works, and nobody is asked", async (scene) => {
  const { node, project, visitor, tab } = await visit(scene, "off", {});
  assert.equal(visitor.status(project).hosting, "never");
  await tab.reload();
  assert.equal(await tab.title(), "Home");
  await never("a host", async () => (await scene.hosts(project, node)) > 1 || !idle(node), {
    during: 1_500,
    every: 200,
  });
});

scenario("who switches hosting off is no host, also after the next visit", async (scene) => {
  const { node, project, visitor, tab } = await visit(scene, null, {});
  await visitor.ready(project);
  await scene.hosted(project, 2, node);
  await hostingSwitch(tab).click();
  await scene.hosted(project, 1, node);
  visitor.told.length = 0;
  await tab.reload();
  await eventually("the app is there again", () => visitor.status(project));
  await never("a host again", async () => (await scene.hosts(project, node)) > 1, {
    during: 1_500,
    every: 200,
  });
});

scenario("a page in a frame never hosts", async (scene) => {
  const cluster = await scene.startCluster(1);
  const [node] = cluster.nodes;
  const { project } = await scene.publish(FILES, { node, project: scene.name("framed") });
  const { project: framing } = await scene.publish(
    {
      "index.html": page(
        "Framing",
        `<iframe src="http://${project}.localhost:${node.port}/" style="display:none"></iframe>`,
      ),
    },
    { node, project: scene.name("framing") },
  );
  const visitor = await scene.visitor();
  const tab = await visitor.page(node.at(framing));
  await visitor.ready(framing);
  await eventually("the frame is loaded", () => tab.frames().find((frame) => frame.url().includes(project)));
  await never("a host in a frame", async () => (await scene.hosts(project, node)) > 1, {
    during: 2_000,
    every: 200,
  });
});
