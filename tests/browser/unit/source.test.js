// Fetching from nodes that answer, fail, lie or are slow; and what is verified, stored and told.

import assert from "node:assert/strict";
import test from "node:test";
import { askNode } from "../../../crates/app/web/net/node_answer.js";
import { Nodes } from "../../../crates/app/web/net/nodes.js";
import { Source } from "../../../crates/app/web/net/source.js";
import { sha256 } from "../../../crates/app/web/protocol/hash.js";
import { httpNode, refuse, serving } from "./support/http_node.js";
import { newOwner, publication } from "./support/keys.js";
import { newStore, tamper } from "./support/stores.js";

const owner = await newOwner();
const site = { id: "", project: "mysite", server: null };
const one = await publication({ owner, files: { "index.html": "one", "a.css": "of one" } });
const two = await publication({ owner, version: 2, files: { "index.html": "two" } });
const pageHash = one.chunks.keys().next().value;
const TRACE = "0123456789abcdef0123456789abcdef";

/** A source of nodes at these bases, with a store of its own. */
function sourceOf(t, bases, options = {}) {
  const store = options.store ?? newStore(t);
  const nodes = new Nodes(bases[0], null);
  const ready = nodes.learn(bases.slice(1).map((base) => `${base.replace("http", "ws")}/.crowd/ws`));
  const source = new Source({ store, site, nodes, ...options });
  return { store, source, nodes, ready };
}

/** A port at which nobody listens. */
async function deadNode(t) {
  const node = await httpNode(t, () => {});
  await node.stop();
  return node.base;
}

const thrownBy = async (promise) => {
  const error = await promise.then(
    () => assert.fail("it was fulfilled"),
    (thrown) => thrown,
  );
  assert.equal(error.name, "CrowdError", error.stack);
  return error;
};

test("the newest release is verified and accepted, with its manifest", async (t) => {
  const published = [one];
  const node = await httpNode(t, serving(published));
  const { store, source } = sourceOf(t, [node.base]);
  assert.deepEqual(await source.refresh(), one.release);
  assert.equal(source.peers, 3);
  assert.equal((await store.sites.get("")).active, 1);
  const asked = node.asked.length;
  assert.deepEqual(await source.refresh(), one.release);
  assert.equal(node.asked.length, asked + 1, "the manifest is here already");

  published.push(two);
  const [release, again] = await Promise.all([source.refresh(), source.refresh()]);
  assert.deepEqual([release, again], [two.release, two.release]);
  assert.equal(node.asked.length, asked + 3, "asked once for both");
  const { newest, active } = await store.sites.get("");
  assert.deepEqual([newest, active], [2, 1]);

  published.pop();
  assert.deepEqual(await source.refresh(), two.release, "a node that lags behind changes nothing");
});

test("a chunk comes from the store, or once from a node", async (t) => {
  const node = await httpNode(t, serving([one]));
  const progress = [];
  const { store, source } = sourceOf(t, [node.base], { onProgress: (step) => progress.push(step) });
  const [first, second] = await Promise.all([source.chunk(pageHash), source.chunk(pageHash)]);
  assert.deepEqual([first, second], [one.chunks.get(pageHash), one.chunks.get(pageHash)]);
  assert.equal(node.asked.length, 1);
  assert.deepEqual(await store.chunks.get(pageHash), first);
  await source.chunk(pageHash);
  assert.equal(node.asked.length, 1);
  assert.equal((await store.counters.today()).down, first.length);
  assert.deepEqual(
    progress.map(({ step, bytes, hash }) => [step, bytes, hash]),
    [
      ["chunk", 0, pageHash],
      ["chunk", first.length, pageHash],
    ],
  );
  const record = { bytes: new TextEncoder().encode("lie"), size: 3, at: 0 };
  await tamper(store, "chunks", pageHash, record);
  assert.deepEqual(await source.chunk(pageHash), first);
  assert.equal(node.asked.length, 2, "what was tampered with is fetched again");
});

test("no more than six are fetched at once", async (t) => {
  let [busy, most] = [0, 0];
  const files = Object.fromEntries([...Array(30).keys()].map((at) => [`${at}.txt`, `file ${at}`]));
  const many = await publication({ owner, files });
  const answer = serving([many]);
  const node = await httpNode(t, (request, response) => {
    busy += 1;
    most = Math.max(most, busy);
    setImmediate(() => {
      busy -= 1;
      answer(request, response);
    });
  });
  const { source } = sourceOf(t, [node.base]);
  const hashes = [...many.chunks.keys()];
  const got = await Promise.all(hashes.map((hash) => source.chunk(hash)));
  assert.deepEqual(got, [...many.chunks.values()]);
  assert.ok(most <= 6 && most >= 2, `${most} at once`);
});

test("the next node is asked where one is dead, broken or no node", async (t) => {
  const good = await httpNode(t, serving([one]));
  const failing = {
    dead: await deadNode(t),
    broken: (await httpNode(t, (_, response) => refuse(response, 500, "internal"))).base,
    limited: (await httpNode(t, (_, response) => refuse(response, 503, "rate_limited"))).base,
    other: (await httpNode(t, (_, response) => response.writeHead(404).end("<h1>Not Found</h1>"))).base,
    "cut off": (
      await httpNode(t, (_, response) => {
        response.writeHead(200, { "Content-Length": "100" }).write("x");
        setImmediate(() => response.destroy());
      })
    ).base,
  };
  for (const [name, base] of Object.entries(failing)) {
    const { source, nodes, ready } = sourceOf(t, [base, good.base]);
    await ready;
    assert.deepEqual(await source.chunk(pageHash), one.chunks.get(pageHash), name);
    assert.deepEqual(nodes.bases(), [good.base, base], `${name} is asked last now`);
  }
});

test("a node that lies is passed over", async (t) => {
  const stranger = await newOwner();
  const forged = { ...one.release, version: 99 };
  const other = await publication({ owner: stranger, project: "other", files: {} });
  const liars = [
    serving([{ release: forged, chunks: new Map() }]),
    (_, response) => response.end("{}"),
    (_, response) => response.end("x".repeat(70_000)),
    (_, response) => response.end(JSON.stringify(other.release)),
  ];
  const good = await httpNode(t, serving([one]));
  for (const lie of liars) {
    const liar = await httpNode(t, lie);
    const { source, ready } = sourceOf(t, [liar.base, good.base]);
    await ready;
    assert.deepEqual(await source.refresh(), one.release);
  }
  const wrong = await httpNode(t, (_, response) => response.end("other bytes"));
  const { store, source, ready } = sourceOf(t, [wrong.base, good.base]);
  await ready;
  assert.deepEqual(await source.chunk(pageHash), one.chunks.get(pageHash));
  assert.equal(await sha256(await store.chunks.get(pageHash)), pageHash);
});

test("what all nodes fail at is told with everyone that was asked", async (t) => {
  const broken = await httpNode(t, (_, response) => {
    refuse(response, 500, "internal", "oh", { "X-Crowd-Trace": TRACE });
  });
  const dead = await deadNode(t);
  const { source, ready } = sourceOf(t, [dead, broken.base]);
  await ready;
  const error = await thrownBy(source.chunk(pageHash));
  assert.deepEqual([error.code, error.message, error.trace], ["internal", "oh", TRACE]);
  assert.deepEqual(error.asked, [
    { node: dead, code: "network" },
    { node: broken.base, code: "internal" },
  ]);
});

for (const [code, status] of [
  ["no_peer", 503],
  ["unknown_project", 404],
  ["not_found", 404],
  ["blocked", 451],
]) {
  test(`${code} is an answer, and no other node is asked`, async (t) => {
    const says = await httpNode(t, (_, response) => {
      refuse(response, status, code, "no", { "X-Crowd-Trace": TRACE, "Retry-After": "5" });
    });
    const other = await httpNode(t, serving([one]));
    const { source, nodes, ready } = sourceOf(t, [says.base, other.base]);
    await ready;
    const error = await thrownBy(source.chunk(pageHash));
    assert.deepEqual([error.code, error.message, error.trace], [code, "no", TRACE]);
    assert.equal(error.retryAfterMs, 5_000);
    assert.deepEqual(error.asked, [{ node: says.base, code }]);
    assert.equal(other.asked.length, 0);
    assert.equal(nodes.bases()[0], says.base);
  });
}

test("beside a slow node another is asked, the first good answer wins and the other is left", async (t) => {
  let left;
  const wasLeft = new Promise((resolve) => {
    left = resolve;
  });
  const slow = await httpNode(t, (request) => request.on("close", left));
  const good = await httpNode(t, serving([one]));
  const { source, ready } = sourceOf(t, [slow.base, good.base], { patienceMs: 5 });
  await ready;
  assert.deepEqual(await source.chunk(pageHash), one.chunks.get(pageHash));
  await wasLeft;
  assert.deepEqual([slow.asked.length, good.asked.length], [1, 1]);
});

test("a node that has begun to answer is waited for", async (t) => {
  const asked = [];
  const fetch = async (url) => {
    asked.push(url);
    const body = new ReadableStream({
      start(controller) {
        setTimeout(() => {
          controller.enqueue(one.chunks.get(pageHash));
          controller.close();
        }, 30);
      },
    });
    return new Response(body);
  };
  const { source, ready } = sourceOf(t, ["http://a", "http://b"], { fetch, patienceMs: 5 });
  await ready;
  assert.deepEqual(await source.chunk(pageHash), one.chunks.get(pageHash));
  assert.deepEqual(asked, [`http://a/.crowd/v1/mysite/chunk/${pageHash}`]);
});

test("a refusal ends the wait for a node that has not begun to answer", async (t) => {
  const fetch = (url, { signal }) => {
    if (url.startsWith("http://b/"))
      return Promise.resolve(new Response("no_peer: nobody\n", { status: 503 }));
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const { source, ready } = sourceOf(t, ["http://a", "http://b"], { fetch, patienceMs: 5 });
  await ready;
  const error = await thrownBy(source.chunk(pageHash));
  assert.equal(error.code, "no_peer");
  assert.deepEqual(
    error.asked.map(({ code }) => code),
    ["waiting", "no_peer"],
  );
});

test("a silent node is given up after a while", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const fetch = (_, { signal }) =>
    new Promise((__, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const waiting = askNode("http://a/x", { limit: 10, signal: new AbortController().signal, fetch });
  t.mock.timers.tick(11_999);
  assert.equal(await Promise.race([waiting, "still waiting"]), "still waiting");
  t.mock.timers.tick(1);
  assert.equal((await thrownBy(waiting)).code, "network");
});

test("answers are bounded while they are read", async (t) => {
  const endless = await httpNode(t, (_, response) => {
    const pour = () => {
      while (!response.destroyed && response.write(new Uint8Array(65_536)));
    };
    response.on("drain", pour);
    pour();
  });
  const { source } = sourceOf(t, [endless.base]);
  assert.equal((await thrownBy(source.chunk(pageHash))).code, "too_large");
  assert.equal((await thrownBy(source.refresh())).code, "too_large");
});

test("another owner's release is refused before its manifest is fetched", async (t) => {
  const stranger = await newOwner();
  const theirs = await publication({ owner: stranger, version: 5, files: { "index.html": "theirs" } });
  const published = [one];
  const node = await httpNode(t, serving(published));
  const { source } = sourceOf(t, [node.base]);
  await source.refresh();
  published.push(theirs);
  const asked = node.asked.length;
  assert.equal((await thrownBy(source.refresh())).code, "owner_changed");
  assert.equal(node.asked.length, asked + 1);
});

test("a version is loaded from the store, its manifest fetched again where it is lost", async (t) => {
  const node = await httpNode(t, serving([one]));
  const { store, source } = sourceOf(t, [node.base]);
  assert.deepEqual((await source.load()).release, one.release);
  const asked = node.asked.length;
  assert.equal((await source.load(1)).manifest.files.length, 2);
  assert.equal(node.asked.length, asked);
  await store.chunks.delete([one.release.manifest]);
  const fresh = sourceOf(t, [node.base], { store }).source;
  assert.deepEqual((await fresh.load(1)).release, one.release);
  assert.equal((await thrownBy(source.load(7))).code, "not_found");
});

test("without room a chunk is given out only to who asks for that", async (t) => {
  const node = await httpNode(t, serving([one]));
  const { store, source } = sourceOf(t, [node.base]);
  await store.settings.set("storageBytes", 1);
  assert.equal((await thrownBy(source.chunk(pageHash))).code, "full");
  const bytes = await source.chunk(pageHash, { evenIfFull: true });
  assert.deepEqual(bytes, one.chunks.get(pageHash));
  assert.equal(await store.chunks.size(), 0);
});

test("a trace goes to the page's own origin and to nobody else", async (t) => {
  const node = await httpNode(t, serving([one]));
  const own = sourceOf(t, [node.base], { origin: node.base }).source;
  await own.chunk(pageHash);
  assert.match(node.asked[0].headers.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  const foreign = sourceOf(t, [node.base], { origin: "http://p.localhost" }).source;
  await foreign.chunk(pageHash);
  assert.equal(node.asked[1].headers.traceparent, undefined);
  const refusing = await httpNode(t, (_, response) => refuse(response, 503, "no_peer"));
  const error = await thrownBy(
    sourceOf(t, [refusing.base], { origin: refusing.base }).source.chunk(pageHash),
  );
  assert.equal(refusing.asked[0].headers.traceparent.slice(3, 35), error.trace);
});

test("a site on another server is fetched from there", async (t) => {
  const home = await httpNode(t, serving([two]));
  const there = await httpNode(t, serving([one]));
  const { host, hostname, port } = new URL(there.base);
  for (const server of [host, { host: hostname, port: Number(port) }]) {
    const foreign = { id: `${host}/mysite`, project: "mysite", server };
    const { store, source } = sourceOf(t, [home.base], { site: foreign });
    assert.deepEqual(await source.refresh(), one.release);
    assert.equal((await store.sites.get(foreign.id)).newest, 1);
  }
  assert.equal(home.asked.length, 0);
});

test("a node that lags behind brings nothing back, even where the newer manifest is lost", async (t) => {
  const published = [one, two];
  const node = await httpNode(t, serving(published));
  const { store, source } = sourceOf(t, [node.base]);
  await source.refresh();
  published.pop();
  await store.chunks.delete([two.release.manifest]);
  const fresh = sourceOf(t, [node.base], { store }).source;
  assert.deepEqual(await fresh.refresh(), two.release);
  assert.equal((await store.sites.get("")).newest, 2);
});

test("only hashes and names are asked for", async (t) => {
  const { source, store, nodes } = sourceOf(t, ["http://a"]);
  assert.equal((await thrownBy(source.chunk("../release"))).code, "bad_message");
  const other = { ...site, project: "../x" };
  assert.throws(() => new Source({ store, site: other, nodes }), { code: "bad_name" });
});
