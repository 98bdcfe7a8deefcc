// What the worker answers to navigations: the page and its boot tag, the shell for crowd links, the page in its place while
// it is on its way, and one version for all that a page loads.

import assert from "node:assert/strict";
import test from "node:test";
import { SiteFiles } from "../../../crates/app/web/serve/site_files.js";
import { fillTemplate } from "../../../crates/app/web/serve/progress_page.js";
import { newOwner } from "./support/keys.js";
import { fetchEvent, servedSite, signedSite } from "./support/served_site.js";

const owner = await newOwner();
const tag = (/** @type {number} */ version) =>
  `<script src="/.crowd/boot.js" type="module" async data-version="${version}" data-project="mysite"></script>`;

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
  return { ...parts, open, published };
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
  parts.views.clients.matchAll = /** @type {any} */ (async () => [{ id: "other", frameType: "top-level" }]);
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
