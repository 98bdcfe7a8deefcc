// Where a site can have no origin of its own, or none that is secure: it is rendered by the node, sandboxed, not hosted,
// and the reader can learn why.
import assert from "node:assert/strict";

import { never } from "../support/eventually.js";
import { page, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

/** A name that browsers have no reason to trust, at plain http. */
const PLAIN = "plain.test";
const { scenario } = stage({
  nodes: 1,
  browser: { resolver: `MAP ${PLAIN} 127.0.0.1 , MAP * ~NOTFOUND , EXCLUDE 127.0.0.1` },
});

for (const host of ["127.0.0.1", PLAIN]) {
  scenario(`at ${host} a site is shown, sandboxed, and nobody becomes its host`, async (scene) => {
    const [node] = scene.nodes;
    const script = `try { localStorage.x = 1; document.title = "storage" } catch { document.title = "sandboxed" }`;
    const { project } = await scene.publish({
      "index.html": page("Insecure", `<a href="b.html">b</a><img src="a.svg"><script>${script}</script>`),
      "b.html": page("Second"),
      "a.svg": svg("teal"),
    });
    const visitor = await scene.visitor();
    const tab = await visitor.page(`http://${host}:${node.port}/${project}/`);
    assert.equal(await tab.title(), "sandboxed");
    assert.match(tab.response.headers()["content-security-policy"], /^sandbox allow-scripts allow-forms/);
    assert.equal(await tab.evaluate(() => document.images[0].naturalWidth), 20);
    await tab.click("a");
    await tab.waitForURL(/b\.html$/);
    assert.equal(await tab.title(), "Second");
    await never("a second host", async () => (await scene.hosts(project)) > 1, { during: 1_000, every: 200 });
    assert.deepEqual(visitor.states(), []);
    assert.deepEqual(
      visitor.console.filter((line) => line.startsWith("uncaught")),
      [],
    );
  });
}

scenario("the landing page says why sites are not kept there", async (scene) => {
  const visitor = await scene.visitor();
  const tab = await visitor.page(`http://${PLAIN}:${scene.nodes[0].port}/`);
  await tab.locator("#plain").waitFor();
  assert.match(await tab.locator("#plain").innerText(), /plain http/);
  assert(!(await tab.locator("#publisher").isVisible()), "nothing is published from there");
});
