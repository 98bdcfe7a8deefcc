// What the worker answers to navigations: the page and its boot tag, the shell for crowd links, the page in its place while
// it is on its way, and one version for all that a page loads.

import assert from "node:assert/strict";
import test from "node:test";
import { Place } from "../../../crates/app/web/serve/place.js";
import { SiteFiles } from "../../../crates/app/web/serve/site_files.js";
import { CrowdError } from "../../../crates/app/web/protocol/crowd_error.js";
import { fillTemplate } from "../../../crates/app/web/serve/progress_page.js";
import { newOwner } from "./support/keys.js";
import { fetchEvent, servedSite, signedSite } from "./support/served_site.js";
import { newStore } from "./support/stores.js";

const owner = await newOwner();
const tag = (/** @type {number} */ version) =>
  `<script src="/.crowd/boot.js" type="module" async data-version="${version}" data-project="mysite"></script>`;

const pageClient = (/** @type {string} */ id) => ({
  id,
  frameType: "top-level",
  url: "http://mysite.localhost:7000/",
});

/** A site of which nothing is stored but its release. */
async function siteOf(t, files, published = []) {
  const first = await signedSite(owner, files);
  published.push(first);
  const parts = await servedSite(t, published);
  await parts.store.sites.accept("", first.release, first.manifestBytes);
  const handler = new SiteFiles(parts);
  const open = (/** @type {string} */ path, asked = {}) => {
    const { event, url } = fetchEvent(path, { destination: "document", resultingClientId: "page", ...asked });
    return handler.handle(event, url);
  };
  return { ...parts, listed: parts.open, open, published };
}

test("a page goes through byte for byte, and the boot tag after it", async (t) => {
  const html = "<!DOCTYPE html>\r\n<p>caf\u00e9\u0000</p>";
  const { open, heard } = await siteOf(t, { "index.html": html });
  const response = await open("/");
  assert.equal(await response.text(), html + tag(1));
  assert.equal(response.headers.get("origin-agent-cluster"), "?1");
  const states = heard.filter(({ t }) => t === "state").map(({ state }) => state);
  assert.deepEqual(states, [1, 4, 5]);
});

test("a page with crowd links comes in a shell that nothing in it can leave", async (t) => {
  const html = "<a href='CROWD://other/'></script><script>alert(1)</script><!--";
  const { open } = await siteOf(t, { "index.html": html });
  const shell = await (await open("/")).text();
  const [, json] = /<script type="application\/json" id="crowd-page">([^<]*)<\/script>/.exec(shell) ?? [];
  const page = JSON.parse(json);
  assert.equal(page.html, html + tag(1));
  const links = {
    project: "mysite",
    base: "localhost:7000",
    scheme: "http",
    servers: ["localhost:7000"],
    form: "own",
  };
  assert.deepEqual(page.links, links);
  assert.ok(!shell.includes("alert(1)</script>"));
});

test("a page that can't be had is an error page, in a frame a line of text", async (t) => {
  const { open, published } = await siteOf(t, { "index.html": "x" });
  published[0].chunks.clear();
  const response = await open("/");
  assert.equal(response.status, 404);
  assert.match(await response.text(), /<title>It can’t be had<\/title>.*not_found/);
  const framed = await open("/", { destination: "iframe" });
  assert.equal(framed.headers.get("content-type"), "text/plain; charset=utf-8");
  assert.equal((await open("/none")).status, 404);
});

test("a page that takes too long is told to be on its way, and is there afterwards", async (t) => {
  const { open, sites } = await siteOf(t, { "index.html": "late" });
  /** @type {(value?: unknown) => void} */
  let release = () => {};
  const held = new Promise((resolve) => (release = resolve));
  const { source } = sites.own;
  const chunk = source.chunk.bind(source);
  source.chunk = async (hash, options) => {
    await held;
    return chunk(hash, options);
  };
  const early = await open("/");
  assert.equal(early.status, 503);
  assert.ok(Number(early.headers.get("retry-after")) > 0);
  assert.match(await early.text(), /waiting/);
  release();
  assert.match(await (await open("/")).text(), /^late/);
});

test("a page that is here opens, however long reading it takes", async (t) => {
  const html = Array.from({ length: 200 }, (_, at) => String(at).padEnd(1_024)).join("");
  const { open, store, published } = await siteOf(t, { "index.html": html });
  for (const [hash, bytes] of published[0].chunks) await store.chunks.put(hash, bytes);
  const get = store.chunks.get.bind(store.chunks);
  let [reading, most] = [0, 0];
  store.chunks.get = async (hash) => {
    reading += 1;
    most = Math.max(most, reading);
    await new Promise((resolve) => setTimeout(resolve, 400));
    reading -= 1;
    return get(hash);
  };
  const response = await open("/");
  assert.equal(response.status, 200);
  assert.ok(most > 32, `${most} chunks at a time`);
});

test("a page is not kept waiting for a node's configuration", async (t) => {
  const { fetch } = globalThis;
  t.after(() => (globalThis.fetch = fetch));
  /** @type {(response: Response) => void} */
  let answer = () => {};
  globalThis.fetch = () => new Promise((resolve) => (answer = resolve));
  const location = { origin: "http://a.localhost:7000", host: "a.localhost:7000", protocol: "http:" };
  const place = new Place(location, newStore(t));
  const since = Date.now();
  assert.deepEqual((await place.linkOptions()).servers, []);
  assert.ok(Date.now() - since < 1_000);
  const config = { hosting: "notice", domain: null, node: "n", servers: ["e.org"], upload_bytes_per_day: 0 };
  answer(Response.json(config));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual((await place.linkOptions()).servers, ["e.org"]);
});

test("a page in another encoding goes out as it is, whatever it links to", async (t) => {
  const latin = Uint8Array.from(
    [...'<meta charset="latin1">caf\u00e9 crowd://other/'].map((c) => c.charCodeAt(0)),
  );
  const { open } = await siteOf(t, { "index.html": latin, "a.css": latin });
  const bytes = new Uint8Array(await (await open("/")).arrayBuffer());
  assert.deepEqual(bytes.slice(0, latin.length), latin);
  assert.equal(new TextDecoder().decode(bytes.slice(latin.length)), tag(1));
  const sheet = await open("/a.css", { destination: "style", mode: "no-cors" });
  assert.deepEqual(new Uint8Array(await sheet.arrayBuffer()), latin);
});

test("without room to note a page's version it opens, and keeps it", async (t) => {
  const { open, store, published } = await siteOf(t, { "a.css": "one", "index.html": "one" });
  const full = async () => {
    throw new CrowdError("full", "there is no room left");
  };
  store.views.set = full;
  store.sites.touch = full;
  assert.match(await (await open("/", { resultingClientId: "first" })).text(), /^one/);
  const second = await signedSite(owner, { "a.css": "two", "index.html": "two" }, { version: 2 });
  published.push(second);
  await store.sites.accept("", second.release, second.manifestBytes);
  await store.sites.activate("", 2);
  const css = await open("/a.css", { destination: "style", clientId: "first", resultingClientId: "" });
  assert.equal(await css.text(), "one");
});

test("frames and workers are of the version of the page they belong to", async (t) => {
  const parts = await siteOf(t, { "a.css": "one", "frame.html": "one", "index.html": "one", "w.js": "one" });
  await (await parts.open("/", { resultingClientId: "page" })).text();
  const files = { "a.css": "two", "frame.html": "two", "index.html": "two", "w.js": "two" };
  const second = await signedSite(owner, files, { version: 2 });
  parts.published.push(second);
  await parts.store.sites.accept("", second.release, second.manifestBytes);
  await parts.store.sites.activate("", 2);
  const text = async (/** @type {string} */ path, asked = {}) =>
    (await (await parts.open(path, { resultingClientId: "", ...asked })).text()).slice(0, 3);
  parts.listed.push(pageClient("page"), pageClient("other"));
  await parts.store.views.set("other", 2);
  const frame = { destination: "iframe", clientId: "page", resultingClientId: "frame" };
  assert.equal(await text("/frame.html", frame), "one");
  assert.equal(await text("/a.css", { destination: "style", clientId: "frame" }), "one");
  assert.equal(
    await text("/w.js", { destination: "worker", clientId: "page", resultingClientId: "worker" }),
    "one",
  );
  assert.equal(await text("/a.css", { destination: "", clientId: "worker" }), "one");
  // One without an address was opened without us: it may belong to either page, until one of them is alone.
  assert.equal(await text("/a.css", { destination: "", clientId: "blank" }), "two");
  const referrer = "http://mysite.localhost:7000/one";
  parts.listed[0].url = `${referrer}#top`;
  assert.equal(await text("/frame.html", { destination: "iframe", resultingClientId: "x", referrer }), "one");
  parts.listed.pop();
  assert.equal(await text("/a.css", { destination: "", clientId: "blank" }), "one");
  assert.equal(await text("/frame.html", { destination: "iframe", resultingClientId: "late" }), "one");
});

test("all that a page loads is of the version it was opened with", async (t) => {
  const files = { "a.css": "one", "index.html": "one" };
  const { open, store, published, sites } = await siteOf(t, files);
  await (await open("/", { resultingClientId: "first" })).text();
  const second = await signedSite(owner, { "a.css": "two", "index.html": "two" }, { version: 2 });
  published.push(second);
  await sites.own.source.refresh();
  const css = async (/** @type {string} */ clientId) =>
    (await open("/a.css", { destination: "", clientId, resultingClientId: "" })).text();
  // Nothing of the new release is here yet: a new visit still shows the one that is.
  assert.equal(await (await open("/", { resultingClientId: "early" })).text(), `one${tag(1)}`);
  for (const [hash, bytes] of second.chunks) await store.chunks.put(hash, bytes);
  assert.equal(await (await open("/", { resultingClientId: "second" })).text(), `two${tag(2)}`);
  assert.deepEqual([await css("first"), await css("second"), await css("unknown")], ["one", "two", "two"]);
});

test("with another page open only a reload shows the newest", async (t) => {
  const parts = await siteOf(t, { "index.html": "one" });
  const second = await signedSite(owner, { "index.html": "two" }, { version: 2 });
  parts.published.push(second);
  await parts.sites.own.source.refresh();
  for (const [hash, bytes] of second.chunks) await parts.store.chunks.put(hash, bytes);
  parts.views.clients.matchAll = /** @type {any} */ (async () => [pageClient("other")]);
  assert.match(await (await parts.open("/")).text(), /^one/);
  assert.match(await (await parts.open("/", { cache: "no-cache" })).text(), /^two/);
});

test("where the pinned version is gone the newest is shown", async (t) => {
  const { open, published } = await siteOf(t, { "index.html": "one" });
  published[0].chunks.clear();
  published.push(await signedSite(owner, { "index.html": "two" }, { version: 2 }));
  assert.equal(await (await open("/")).text(), `two${tag(2)}`);
});

test("a page opened before anything is known asks for the release itself", async (t) => {
  const first = await signedSite(owner, { "index.html": "hello" });
  const parts = await servedSite(t, [first]);
  const { event, url } = fetchEvent("/", { destination: "document" });
  assert.equal(await (await new SiteFiles(parts).handle(event, url)).text(), `hello${tag(1)}`);
});

test("a template is filled in once, and values are escaped", () => {
  const filled = fillTemplate('<p title="{{a}}">{{ b }}{{c}}</p>{{', { a: '"><script>', b: "{{a}}" });
  assert.equal(filled, '<p title="&quot;&gt;&lt;script&gt;">{{a}}</p>{{');
});
