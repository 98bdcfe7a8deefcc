// Pictures of the main screens, into tests/browser/screenshots, to be looked at. Blank ones fail.
import { eventually } from "../support/eventually.js";
import { take } from "../support/picture.js";
import { sampleSite } from "../support/sites.js";
import { stage } from "../support/stage.js";

const { scenario } = stage({ nodes: 3, flags: ["--cache-bytes", "0"] });

const DESK = { viewport: { width: 1280, height: 860 }, shadows: true };

for (const scheme of ["light", "dark"]) {
  scenario(
    `the main screens, ${scheme}`,
    async (scene) => {
      const [node, second] = scene.nodes;
      const project = scheme === "light" ? "hello" : "hello-dark";
      const { publisher } = await scene.publishFolder(sampleSite(project, `localhost:${second.port}`), {
        project,
      });
      const visitor = await scene.visitor({ ...DESK, colorScheme: scheme });
      const tab = await visitor.page(second.at(project));
      await visitor.ready(project);
      await tab.locator("crowd-badge .mark").waitFor();
      await take(tab, `site-first-visit-${scheme}`);
      await tab.reload();
      await visitor.controlled(tab);
      await tab.locator("crowd-badge .mark").click();
      await eventually("the badge tells of hosts", async () =>
        /Hosts now\s*2/.test((await tab.locator("crowd-badge #panel").innerText()).replaceAll("\n", " ")),
      );
      await take(tab, `site-with-badge-${scheme}`);
      await tab.goto(second.at(project, ".crowd/manage"));
      await eventually("manage is there", async () =>
        (await tab.locator("body").innerText()).includes(project),
      );
      await take(tab, `manage-${scheme}`, { fullPage: true });
      await tab.goto(node.landing);
      await tab.locator("#sample").click();
      await tab.locator("#draft").waitFor();
      await tab.locator("#name").fill(`tides-${scheme}`);
      await eventually("it can be published", () => tab.locator("#go").isEnabled());
      await tab.locator("#go").click();
      await tab.locator("#result").waitFor();
      await take(tab, `landing-${scheme}`, { fullPage: true });
      await tab.close();
      await publisher.stop();
      await scene.hosted(project, 0);
      const stranger = await scene.visitor({ ...DESK, colorScheme: scheme });
      const progress = await stranger.page(second.at(project));
      await progress.getByText("Nobody is hosting this now").first().waitFor();
      await take(progress, `progress-${scheme}`);
    },
    { timeout: 90_000 },
  );
}

scenario("the main screens, on a phone", async (scene) => {
  const [node] = scene.nodes;
  const { project } = await scene.publishFolder(sampleSite("hello-phone", `localhost:${node.port}`), {
    project: "hello-phone",
  });
  const visitor = await scene.visitor({
    viewport: { width: 390, height: 800 },
    isMobile: true,
    hasTouch: true,
    shadows: true,
  });
  const tab = await visitor.page(node.at(project));
  await visitor.ready(project);
  await tab.locator("crowd-badge .mark").click();
  await take(tab, "site-with-badge-phone");
  await tab.goto(node.landing);
  await tab.locator("#publisher").waitFor();
  await take(tab, "landing-phone", { fullPage: true });
});
