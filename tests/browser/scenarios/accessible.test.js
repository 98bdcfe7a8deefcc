// No serious fault in what the app shows: by axe-core, in light and dark, on a desk and on a phone.
import assert from "node:assert/strict";

import { check } from "../support/axe.js";
import { eventually } from "../support/eventually.js";
import { page } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 1, flags: ["--cache-bytes", "0"] });

for (const [where, options] of [
  ["light, on a desk", { colorScheme: "light", viewport: { width: 1280, height: 800 } }],
  [
    "dark, on a phone",
    { colorScheme: "dark", viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
  ],
]) {
  scenario(`landing page, badge, manage and progress have no serious fault: ${where}`, async (scene) => {
    const [node] = scene.nodes;
    const { project, peer } = await scene.publish({
      "index.html": page("Accessible", "<main><p>Text.</p></main>"),
    });
    const visitor = await scene.visitor({ shadows: true, ...options });
    const tab = await visitor.page(node.landing);
    await tab.locator("#publisher").waitFor();
    await check(tab, "landing page");
    await tab.locator("#sample").click();
    await tab.locator("#draft").waitFor();
    await check(tab, "landing page with a draft");
    const site = await visitor.page(node.at(project));
    await visitor.ready(project);
    await site.locator("crowd-badge .mark").waitFor();
    await check(site, "badge with its notice", "crowd-badge");
    await site.locator("crowd-badge .mark").click();
    await site.locator("crowd-badge #panel").waitFor();
    await check(site, "badge, open", "crowd-badge");
    if (options.isMobile) {
      const wide = await site.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert(wide <= 0, "the page does not scroll sideways");
    }
    await site.goto(node.at(project, ".crowd/manage"));
    await eventually("manage is there", async () =>
      (await site.locator("body").innerText()).includes(project),
    );
    await check(site, "manage");
    const stranger = await scene.visitor(options);
    peer.close();
    await site.close();
    await scene.hosted(project, 0);
    const progress = await stranger.page(node.at(project));
    await progress.getByText("Nobody is hosting this now").first().waitFor();
    await check(progress, "progress page");
  });
}
