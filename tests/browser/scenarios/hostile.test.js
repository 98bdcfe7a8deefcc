// Hostile sites: each attempt must fail, or harm only the site itself. Bob visits a good site, then the evil one.
import assert from "node:assert/strict";

import { eventually, never } from "../support/eventually.js";
import { page, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";
import { TestSite } from "../support/test_site.js";

const { scenario } = stage({ nodes: 2, wires: true, flags: ["--cache-bytes", "0"] });

/** Bob in a tab of the evil site, whose worker is there; the good one he has visited before. */
async function bobAtEvil(scene, evil = {}) {
  const node = scene.nodes[1];
  const good = await scene.publish({
    "index.html": page("Good", `<script>localStorage.secret = "good"</script>`),
  });
  const project = scene.name("evil");
  const bad = await scene.publish({ "index.html": page("Evil"), "a.svg": svg("red"), ...evil }, { project });
  const bob = await scene.visitor({ name: "bob" });
  const first = await bob.page(node.at(good.project));
  await bob.ready(good.project);
  await first.close();
  const tab = await bob.page(node.at(project));
  await bob.ready(project);
  await tab.reload();
  await bob.controlled(tab);
  return { node, good: good.project, project, site: bad.site, peer: bad.peer, bob, tab };
}

scenario("it can't read another project's storage, by frame, window or its own", async (scene) => {
  const { node, good, tab } = await bobAtEvil(scene);
  const found = await tab.evaluate(async (victim) => {
    const tries = { own: localStorage.secret ?? null };
    const frame = document.createElement("iframe");
    frame.src = victim;
    document.body.append(frame);
    await new Promise((done) => (frame.onload = done));
    try {
      tries.frame = frame.contentWindow.localStorage.secret ?? "empty";
    } catch (error) {
      tries.frame = error.name;
    }
    tries.document = frame.contentDocument === null ? "none" : frame.contentDocument.title;
    const opened = window.open(victim);
    try {
      await new Promise((done) => setTimeout(done, 500));
      tries.opened = opened.localStorage.secret ?? "empty";
    } catch (error) {
      tries.opened = error.name;
    }
    try {
      document.domain = "localhost";
      tries.domain = frame.contentDocument?.title ?? "none";
    } catch (error) {
      tries.domain = error.name;
    }
    return tries;
  }, node.at(good));
  assert.deepEqual(
    { ...found, domain: undefined },
    { own: null, frame: "SecurityError", document: "none", opened: "SecurityError", domain: undefined },
  );
  assert.notEqual(found.domain, "Good");
});

scenario(
  "it can't reach the publisher's keys at the landing origin, not even by its own page there",
  async (scene) => {
    const steal = `
    const tell = (what) => (window.opener ?? parent).postMessage({ stolen: what }, "*");
    const open = indexedDB.open("crowd-publisher");
    open.onsuccess = () => tell([...open.result.objectStoreNames]);
    open.onerror = () => tell("refused");`;
    const { node, project, tab } = await bobAtEvil(scene, {
      "steal.html": page(
        "Steal",
        `<script>try { ${steal} } catch (error) { (window.opener ?? parent).postMessage({ stolen: error.name }, "*") }</script>`,
      ),
    });
    const address = `${node.landing}${project}/steal.html`;
    const found = await tab.evaluate(async (address) => {
      const frame = document.createElement("iframe");
      const told = new Promise((done) =>
        addEventListener("message", ({ data, origin }) => data.stolen && done({ ...data, origin })),
      );
      frame.src = address;
      document.body.append(frame);
      return Promise.race([
        told,
        new Promise((done) => setTimeout(() => done({ stolen: "not shown" }), 3_000)),
      ]);
    }, address);
    // Its own origin has a store of that name, too, if it likes; what counts is that it is another.
    assert.notEqual(found.origin, new URL(node.landing).origin);
    // The landing page itself can't be framed, so nobody can be led to click in it.
    const framed = await tab.evaluate(async (landing) => {
      const frame = document.createElement("iframe");
      frame.src = landing;
      document.body.append(frame);
      await new Promise((done) => (frame.onload = done));
      frame.contentWindow.postMessage("are you there", "*");
      return frame.contentWindow.length;
    }, node.landing);
    assert.equal(framed, 0);
    const shown = tab
      .frames()
      .find((frame) => frame.url().startsWith(node.landing) && !frame.url().includes(project));
    assert(
      !shown || (await shown.locator("#publish").count()) === 0,
      "the landing page is shown in no frame",
    );
  },
);

scenario("it can't register a worker of its own, by whatever address", async (scene) => {
  const worker = `self.addEventListener("fetch", (event) => event.respondWith(new Response("owned")));`;
  const { node, project, site, bob, tab } = await bobAtEvil(scene, { "sw.js": worker, "deep/sw.js": worker });
  const [hash] = site.chunks("sw.js");
  const addresses = [
    "/sw.js",
    "/deep/sw.js",
    `/.crowd/v1/${project}/chunk/${hash}`,
    `/.crowd/x/${project}/sw.js`,
    `/.crowd/x/localhost:${node.port}/${project}/sw.js`,
    `/.crowd/../sw.js`,
    `/.crowd%2f..%2fsw.js`,
    `/.crowd/worker.js/../../sw.js`,
    `/${project}/sw.js`,
  ];
  for (const address of addresses) {
    for (const type of ["classic", "module"]) {
      const outcome = await tab.evaluate(
        async ({ address, type }) => {
          try {
            const registration = await navigator.serviceWorker.register(address, { type, scope: "/deep/" });
            return (registration.installing ?? registration.active).scriptURL;
          } catch (error) {
            return error.name;
          }
        },
        { address, type },
      );
      assert(["SecurityError", "TypeError"].includes(outcome), `${address} as ${type}: ${outcome}`);
    }
  }
  await tab.reload();
  await bob.controlled(tab);
  const script = await tab.evaluate(() => navigator.serviceWorker.controller.scriptURL);
  assert.equal(script, node.at(project, ".crowd/worker.js"));
  assert.equal(await tab.title(), "Evil");
});

scenario("it corrupts its own store: nothing wrong is shown, or served to anybody", async (scene) => {
  const { node, project, site, peer, bob, tab } = await bobAtEvil(scene, {
    "index.html": page("Evil", `<p>as signed</p><img src="a.svg">`),
  });
  await bob.status_where("all of it is here", (status) => status.haveChunks >= 2, project);
  const changed = await tab.evaluate(async () => {
    const asked = indexedDB.open("crowd");
    const database = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
    const wrong = new TextEncoder().encode("<!doctype html><title>Wrong</title><p>not as signed</p>");
    const change = (store, each) =>
      new Promise((done, fail) => {
        const transaction = database.transaction(store, "readwrite");
        transaction.oncomplete = () => done();
        transaction.onerror = () => fail(transaction.error);
        let count = 0;
        transaction.objectStore(store).openCursor().onsuccess = ({ target: { result: cursor } }) => {
          if (!cursor) return;
          count += 1;
          cursor.update(each(cursor.value));
          cursor.continue();
        };
      });
    await change("chunks", (record) => ({ ...record, bytes: wrong, size: wrong.length }));
    database.close();
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) await cache.put(request, new Response(wrong));
    }
    const planted = await caches.open("crowd");
    await planted.put("/", new Response(wrong, { headers: { "content-type": "text/html" } }));
    return true;
  });
  assert(changed);
  await tab.goto(node.at(project));
  await never("the wrong page", async () => (await tab.title()) === "Wrong", { during: 500 });
  assert.match(await tab.locator("body").innerText(), /as signed/);
  // And to others: Bob is the only host left, if he is one still.
  await tab.evaluate(async () => {
    const asked = indexedDB.open("crowd");
    const database = await new Promise((done) => (asked.onsuccess = () => done(asked.result)));
    await new Promise((done) => {
      const transaction = database.transaction("chunks", "readwrite");
      transaction.oncomplete = done;
      transaction.objectStore("chunks").openCursor().onsuccess = ({ target: { result: cursor } }) => {
        if (!cursor) return;
        cursor.update({ ...cursor.value, bytes: new Uint8Array(cursor.value.size) });
        cursor.continue();
      };
    });
    database.close();
  });
  peer.close();
  await eventually("its publisher is gone", async () => (await scene.hosts(project, scene.nodes[0])) <= 1);
  const reader = await scene.peer(scene.nodes[0]);
  const outcome = await reader.request(project, { path: "index.html" }).then(
    ({ body }) => body.toString(),
    (error) => error.code,
  );
  assert([site.files["index.html"], "no_peer"].includes(outcome), `what others get: ${outcome}`);
});

scenario("over a socket it can neither publish nor host another project", async (scene) => {
  const { node, good, project, bob, tab } = await bobAtEvil(scene);
  const release = new TestSite(scene.name("stolen"), { "index.html": page("x") }).release;
  const own = new TestSite(project, { "index.html": page("x") }).release;
  const said = await tab.evaluate(
    async ({ address, messages }) => {
      const socket = new WebSocket(address, "crowd.v1");
      const answers = {};
      await new Promise((done, fail) => {
        socket.onerror = () => fail(new Error("no connection"));
        socket.onopen = done;
      });
      return new Promise((done) => {
        socket.onmessage = ({ data }) => {
          const message = typeof data === "string" ? JSON.parse(data) : {};
          if (message.id === undefined) return;
          answers[message.id] = message.code ?? message.t;
          if (Object.keys(answers).length === messages.length) {
            socket.close();
            done(answers);
          }
        };
        for (const message of messages) socket.send(JSON.stringify(message));
      });
    },
    {
      address: `ws://${project}.localhost:${node.port}/.crowd/ws`,
      messages: [
        { t: "publish", id: 1, release },
        { t: "publish", id: 2, release: own },
        { t: "host", id: 3, project: good, version: 1, have: "all" },
        { t: "unhost", id: 4, project: good },
        { t: "ping", id: 5 },
      ],
    },
  );
  assert.equal(said[1], "not_allowed");
  assert.equal(said[2], "not_allowed");
  assert.equal(said[3], "not_allowed");
  assert(["not_allowed", "ok"].includes(said[4]), said[4]);
  assert.equal(said[5], "ok");
  assert.equal(await scene.hosts(good, scene.nodes[0]), 1, "only its publisher hosts the good site");
  assert(bob);
});

scenario("a script that catches the badge's root can't press its switches", async (scene) => {
  const cluster = await scene.startCluster(1, { wires: true, flags: ["--hosting", "ask"] });
  const [node] = cluster.nodes;
  const press = `
    window.roots = [];
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (init) { const root = attach.call(this, init); roots.push(root); return root; };
    window.press = () => {
      let count = 0;
      for (const root of roots) for (const button of root.querySelectorAll("button,[role=switch],input")) {
        count += 1;
        button.click();
        for (const type of ["pointerdown", "pointerup", "mousedown", "mouseup", "click"])
          button.dispatchEvent(new PointerEvent(type, { bubbles: true, composed: true, cancelable: true }));
        button.focus();
        for (const type of ["keydown", "keyup"]) for (const key of ["Enter", " "])
          button.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, composed: true }));
      }
      return count;
    };`;
  const { project } = await scene.publish(
    { "index.html": page("Presser", "", `<script>${press}</script>`) },
    { node, project: scene.name("presser") },
  );
  const bob = await scene.visitor();
  const tab = await bob.page(node.at(project));
  await eventually("the app is there", () => bob.status(project));
  await eventually("the badge's buttons were pressed by script", () =>
    tab.evaluate(() => window.press() > 1),
  );
  await never("a host without consent", async () => (await scene.hosts(project, node)) > 1, {
    during: 1_500,
    every: 200,
  });
  assert.equal(bob.status(project).hosting, "ask");
});

scenario("it tears out what it can of the app: the next visit is whole again", async (scene) => {
  const { node, project, bob, tab } = await bobAtEvil(scene);
  await tab.evaluate(async () => {
    for (const registration of await navigator.serviceWorker.getRegistrations())
      await registration.unregister();
    for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(name);
    for (const name of await caches.keys()) await caches.delete(name);
    document.querySelectorAll("crowd-badge").forEach((badge) => badge.remove());
    const channel = new BroadcastChannel("crowd");
    for (const junk of [
      null,
      7,
      "x",
      [],
      {},
      { t: "set" },
      { t: "set", what: "hosting", value: {} },
      { t: "stored" },
      { t: "stored", site: {}, version: "x", hashes: 9 },
      { t: "progress" },
      { t: "status", peers: "<b>" },
      { t: "newer", version: "<img>" },
      { t: "state", state: 99 },
    ]) {
      channel.postMessage(junk);
    }
  });
  await tab.close();
  bob.told.length = 0;
  const again = await bob.page(node.at(project));
  assert.equal(await again.title(), "Evil");
  await bob.ready(project);
  await scene.hosted(project, 2, scene.nodes[0]);
});

scenario("a project named like the node's own host never gets a worker where keys are", async (scene) => {
  const [node] = scene.nodes;
  const visitor = await scene.visitor();
  const evil = new TestSite("127", { "index.html": page("evil") });
  const peer = await scene.peer(node);
  // It can't be had, so that the node's own page stands in, unsandboxed: that one could register a worker.
  peer.react = (hash, site) => (hash === site.release.manifest ? site.bytes.get(hash) : null);
  await peer.publish(evil);
  const tab = await visitor.page(`${node.url}/127/`);
  await tab.getByRole("heading", { name: "Nobody is hosting this now" }).waitFor();
  const landing = await visitor.page(`${node.url}/`);
  const workers = await landing.evaluate(async () => {
    const scopes = async () => (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope);
    const refused = await navigator.serviceWorker
      .register("/.crowd/worker.js", { scope: "/", type: "module" })
      .then(
        () => false,
        () => true,
      );
    return { scopes: await scopes(), refused };
  });
  assert.deepEqual(workers, { scopes: [], refused: true });
  assert.match(await landing.title(), /Crowd Cloud/);
});

scenario("a link from elsewhere forgets nothing without a click", async (scene) => {
  const [node] = scene.nodes;
  const { project } = await scene.publish({ "index.html": page("good") });
  const link = `<a href="${node.at(project)}?crowd-reset" rel="noreferrer">see</a>`;
  const other = await scene.publish({ "index.html": page("evil", link) });
  const visitor = await scene.visitor();
  const good = await visitor.page(node.at(project));
  await visitor.ready(project);
  await good.evaluate(() => localStorage.setItem("kept", "yes"));
  const tab = await visitor.page(node.at(other.project));
  await tab.click("a");
  await tab.waitForURL(/\/\.crowd\/manage/);
  assert.equal(await good.evaluate(() => localStorage.getItem("kept")), "yes");
  assert(await good.evaluate(async () => !!(await navigator.serviceWorker.getRegistration("/"))));
});
