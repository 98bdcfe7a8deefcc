// The page where a visitor sees and decides what a project may keep and give: /.crowd/manage at its own origin.
import assert from "node:assert/strict";

import { eventually } from "../support/eventually.js";
import { page, picture, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 1, wires: true });

const FILES = {
  "index.html": page("Home", `<img src="a.svg">`),
  "a.svg": svg("teal"),
  "b.bmp": picture(200),
};

async function visit(scene) {
  const [node] = scene.nodes;
  const { project } = await scene.publish(FILES);
  const visitor = await scene.visitor({ shadows: true });
  const tab = await visitor.page(node.at(project));
  await visitor.ready(project);
  return { node, project, visitor, tab };
}

scenario("it tells version and size, stops hosting, and deletes everything", async (scene) => {
  const { node, project, tab } = await visit(scene);
  await scene.hosted(project, 2);
  const manage = await tab.context().newPage();
  await manage.goto(node.at(project, ".crowd/manage"));
  await eventually("it tells of the project", async () => {
    const text = await manage.locator("body").innerText();
    return text.includes(project) && /version\s*1/i.test(text.replaceAll("\n", " "));
  });
  manage.on("dialog", (dialog) => dialog.accept());
  const switchOff = manage.getByRole("switch", { name: /host/i }).first();
  await switchOff.click();
  await scene.hosted(project, 1);
  await manage
    .getByRole("button", { name: /delete|forget/i })
    .first()
    .click();
  const sure = manage.getByRole("dialog").getByRole("button", { name: "Delete" });
  await sure.click();
  await eventually("everything is deleted", async () => {
    const left = await manage.evaluate(async () => {
      const names = (await indexedDB.databases()).map(({ name }) => name);
      if (!names.includes("crowd")) return 0;
      const database = await new Promise(
        (done) => (indexedDB.open("crowd").onsuccess = ({ target }) => done(target.result)),
      );
      const count = database.objectStoreNames.contains("chunks")
        ? await new Promise(
            (done) =>
              (database.transaction("chunks").objectStore("chunks").count().onsuccess = ({ target }) =>
                done(target.result)),
          )
        : 0;
      database.close();
      return count;
    });
    return left === 0;
  });
});

scenario(
  "the badge: opens by keyboard, tells the truth, keeps all of it, and can be hidden",
  async (scene) => {
    const { project, visitor, tab } = await visit(scene);
    const mark = tab.locator("crowd-badge .mark");
    await mark.waitFor();
    await mark.focus();
    await tab.keyboard.press("Enter");
    const panel = tab.locator("crowd-badge #panel");
    await panel.waitFor();
    await eventually("it tells version and hosts", async () => {
      const text = (await panel.innerText()).replaceAll("\n", " ");
      return text.includes(project) && /version 1/i.test(text) && /Hosts now\s*2/.test(text);
    });
    await tab.getByRole("switch", { name: /keep all/i }).click();
    await visitor.status_where(
      "all of it is kept",
      (status) => status.keepAll && status.haveChunks === status.allChunks,
      project,
    );
    await tab.keyboard.press("Escape");
    assert(!(await panel.isVisible()));
    await mark.click();
    await panel.getByRole("button", { name: "Hide" }).click();
    assert.equal(await tab.locator("crowd-badge").count(), 0);
    await tab.reload();
    await eventually("the app is there", () => visitor.status(project));
    assert.equal(await tab.locator("crowd-badge").count(), 0, "hidden stays hidden");
  },
);
