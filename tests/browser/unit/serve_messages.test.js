// What pages may ask of the worker: a hostile one gets nothing done but for itself.

import assert from "node:assert/strict";
import test from "node:test";
import { Opening } from "../../../crates/app/web/serve/opening.js";
import { Priming } from "../../../crates/app/web/serve/priming.js";
import { parseWorkerMessage } from "../../../crates/app/web/serve/worker_message.js";
import { newOwner } from "./support/keys.js";
import { servedSite, signedSite } from "./support/served_site.js";

const origin = "http://mysite.localhost:7000";
const owner = await newOwner();
const files = { "a.css": "a{}", "a.png": "0123456".repeat(400), "b.png": "q", "index.html": "home" };

/** Answers what the browser has in its cache; nothing else may be asked for. */
function cacheOf(t, /** @type {Record<string, string>} */ cached) {
  const { fetch } = globalThis;
  t.after(() => (globalThis.fetch = fetch));
  globalThis.fetch = async (input, init) => {
    const url = new URL(String(input));
    if (url.origin !== origin) return fetch(input, init);
    assert.deepEqual(init, { cache: "only-if-cached", mode: "same-origin" });
    const text = cached[url.pathname];
    if (text === undefined) throw new TypeError("not cached");
    return new Response(text);
  };
}

const primed = (/** @type {string[]} */ urls, version = 1) =>
  /** @type {any} */ (parseWorkerMessage({ t: "prime", version, path: "/", urls }, origin));

test("only messages about this origin are taken", () => {
  const refused = [
    null,
    "prime",
    { t: "prime" },
    { t: "prime", version: 1, path: "/", urls: Array(2_001).fill("/") },
    { t: "prime", version: 0, path: "/", urls: [] },
    { t: "prime", version: 1, path: "http://evil.test/", urls: [] },
    { t: "prime", version: 1, path: `/${"a".repeat(5_000)}`, urls: [] },
    { t: "open", url: "http://evil.test/" },
    { t: "open", url: "/.crowd/worker.js" },
    { t: "open", url: 7 },
    { t: "accept", version: "2" },
    { t: "other" },
  ];
  for (const data of refused)
    assert.equal(parseWorkerMessage(data, origin), null, JSON.stringify(data)?.slice(0, 80));
  const { urls } = primed([
    "/a#x",
    "/a#y",
    `${origin}/b`,
    "http://evil.test/c",
    "/.crowd/boot.js",
    "http://[",
    "x",
  ]);
  assert.deepEqual(
    urls.map(({ pathname }) => pathname),
    ["/a", "/b", "/x"],
  );
});

test("what the browser has is kept and not fetched again, but for the page itself", async (t) => {
  cacheOf(t, { "/a.png": files["a.png"], "/a.css": "a{}" });
  const first = await signedSite(owner, files);
  const parts = await servedSite(t, [first]);
  const answer = await new Priming(parts).prime(primed(["/a.png", "/a.css", "/b.png", "/none", "/"]), "page");
  assert.deepEqual(answer, { version: 1, mismatch: false, files: 3 });
  const { manifest } = await parts.store.sites.release("", 1);
  const here = async (/** @type {string} */ path) =>
    (await parts.store.chunks.hasAll(manifest.find(path)?.file.chunks ?? [])).every(Boolean);
  assert.deepEqual(
    [await here("a.png"), await here("a.css"), await here(""), await here("b.png")],
    [true, true, true, false],
  );
  const asked = parts.node.asked.map(({ url }) => url);
  assert.equal(asked.length, 3, asked.join(" "));
  assert.equal(await parts.store.views.get("page"), 1);
  const stored = parts.heard.filter(({ t }) => t === "stored").flatMap(({ hashes }) => hashes);
  assert.equal(new Set(stored).size, 5);
});

test("a page of mixed or unknown versions is told so", async (t) => {
  cacheOf(t, { "/a.png": "something else", "/a.css": "rewritten{}" });
  const first = await signedSite(owner, files);
  const parts = await servedSite(t, [first]);
  const priming = new Priming(parts);
  assert.deepEqual(await priming.prime(primed(["/a.css"]), ""), { version: 1, mismatch: false, files: 2 });
  assert.equal((await priming.prime(primed(["/a.png"]), "")).mismatch, true);
  assert.deepEqual(await priming.prime(primed([], 7), ""), { version: 1, mismatch: true, files: 0 });
});

test("opening a page tells how far it is", async (t) => {
  const first = await signedSite(owner, { ...files, "index.html": "x".repeat(3_000) });
  const parts = await servedSite(t, [first]);
  const opening = new Opening(parts);
  await opening.open(new URL(`${origin}/`));
  const told = parts.heard.filter(({ t }) => t === "progress");
  assert.deepEqual(
    told.map(({ step }) => step),
    ["resolve", "manifest", "file", "file", "file", "file", "done"],
  );
  assert.deepEqual(
    told.map(({ bytesDone }) => bytesDone),
    [0, 0, 0, 1_024, 2_048, 3_000, 3_000],
  );
  assert.equal(told.at(-1).peers, 3);
  await assert.rejects(opening.open(new URL(`${origin}/none`)), { code: "not_found" });
  const { step, error } = parts.heard.at(-1);
  assert.deepEqual([step, error.code], ["failed", "not_found"]);
});
