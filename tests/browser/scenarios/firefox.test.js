// The same in Firefox: opening, being a host, and offline.
import assert from "node:assert/strict";

import { eventually } from "../support/eventually.js";
import { Firefox, noFirefox } from "../support/firefox.js";
import { page, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 2, wires: true, flags: ["--cache-bytes", "0"], browser: null });

const FILES = {
  "index.html": page("Fox", `<img src="a.svg"><script type="module" src="main.js"></script>`),
  "main.js": `document.body.dataset.ran = "yes"`,
  "a.svg": svg("teal"),
};

scenario(
  "Firefox opens a site, hosts it for others, and has it offline and after a restart",
  async (scene) => {
    const [node, second] = scene.nodes;
    const { project, site, peer } = await scene.publish(FILES);
    const fox = await Firefox.start();
    scene.visitors.push(fox);
    scene.leaving(() => fox.close());
    await fox.goto(node.at(project));
    assert.equal(await fox.title(), "Fox");
    await eventually("it is a host", () => fox.states(project).some(({ state }) => state === 12), {
      within: 20_000,
    });
    await scene.hosted(project, 2, second);
    peer.close();
    await scene.hosted(project, 1, second);
    const reader = await scene.peer(second);
    for (const path of Object.keys(FILES)) {
      const answer = await eventually(`Firefox answers for ${path}`, () => reader.request(project, { path }));
      assert.equal(answer.body.toString(), site.files[path]);
    }
    await fox.reload();
    await eventually("a worker controls the page", () =>
      fox.evaluate("!!navigator.serviceWorker.controller"),
    );
    await node.wire.cut();
    try {
      await fox.reload();
      assert.equal(await fox.title(), "Fox");
      await eventually(
        "its script ran",
        async () => (await fox.evaluate("document.body.dataset.ran")) === "yes",
      );
      await eventually("its picture is shown", () => fox.evaluate("document.images[0].naturalWidth === 20"));
    } finally {
      await node.wire.mend();
    }
    await scene.hosted(project, 1, second);
    await fox.close();
    await scene.hosted(project, 0, second);
    const again = await Firefox.start(fox.profile);
    scene.visitors.push(again);
    scene.leaving(() => again.close());
    await again.goto(node.at(project));
    assert.equal(await again.title(), "Fox");
    await scene.hosted(project, 1, second);
  },
  { skip: noFirefox, timeout: 90_000 },
);
