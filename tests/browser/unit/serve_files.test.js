// What the worker answers for files: bytes and ranges of verified chunks, the right status, nothing in a file's place.

import assert from "node:assert/strict";
import test from "node:test";
import { parseRange } from "../../../crates/app/web/serve/byte_range.js";
import { ForeignFiles } from "../../../crates/app/web/serve/foreign_files.js";
import { isCss, isHtml } from "../../../crates/app/web/serve/media_kind.js";
import { refuse } from "../../../crates/app/web/serve/refusal.js";
import { RootedFiles } from "../../../crates/app/web/serve/rooted_files.js";
import { SiteFiles } from "../../../crates/app/web/serve/site_files.js";
import { CrowdError } from "../../../crates/app/web/protocol/crowd_error.js";
import { newOwner } from "./support/keys.js";
import { fetchEvent, servedSite, signedSite } from "./support/served_site.js";
import { tamper } from "./support/stores.js";

const owner = await newOwner();
const long = "0123456789abcdef".repeat(300);
const files = {
  "404.html": "<p>lost",
  "a.css": "a{}",
  "crowd.css": "a{b:url(crowd://other/x.png)}",
  "empty.js": "",
  "guide/index.html": "guide",
  "index.html": "<h1>home</h1>",
  "long.bin": long,
};

async function siteWith(t, options = {}) {
  const first = await signedSite(owner, files, options);
  const parts = await servedSite(t, [first]);
  await parts.store.sites.accept("", first.release, first.manifestBytes);
  const handler = new SiteFiles(parts);
  const get = (/** @type {string} */ path, asked = {}) => {
    const { event, url } = fetchEvent(path, asked);
    return handler.handle(event, url);
  };
  return { ...parts, first, get };
}

test("a file comes with its type, its version and its tag", async (t) => {
  const { get } = await siteWith(t);
  const response = await get("/long.bin");
  assert.equal(response.status, 200);
  assert.equal(await response.text(), long);
  const header = (/** @type {string} */ name) => response.headers.get(name);
  assert.equal(header("content-type"), "application/octet-stream");
  assert.equal(header("content-length"), String(long.length));
  assert.equal(header("x-crowd-version"), "1");
  assert.equal(header("x-content-type-options"), "nosniff");
  assert.match(header("etag") ?? "", /^"[0-9a-f]{32}"$/);
  const head = await get("/long.bin", { method: "HEAD" });
  assert.deepEqual(
    [head.status, head.headers.get("content-length"), head.body],
    [200, String(long.length), null],
  );
  const empty = await get("/empty.js");
  assert.deepEqual([empty.status, await empty.text()], [200, ""]);
});

test("ranges are answered as RFC 9110 says", async (t) => {
  const { get } = await siteWith(t);
  const size = long.length;
  const part = async (/** @type {Record<string, string>} */ headers) => {
    const response = await get("/long.bin", { headers });
    return [response.status, response.headers.get("content-range"), await response.text()];
  };
  assert.deepEqual(await part({ range: "bytes=1020-1027" }), [
    206,
    `bytes 1020-1027/${size}`,
    long.slice(1020, 1028),
  ]);
  assert.deepEqual(await part({ range: "bytes=-3" }), [206, `bytes ${size - 3}-${size - 1}/${size}`, "def"]);
  assert.deepEqual(await part({ range: `bytes=${size - 1}-` }), [
    206,
    `bytes ${size - 1}-${size - 1}/${size}`,
    "f",
  ]);
  assert.deepEqual((await part({ range: `bytes=${size}-` })).slice(0, 2), [416, `bytes */${size}`]);
  assert.equal((await part({ range: "bytes=0-1", "if-range": '"other"' }))[0], 200);
  const tag = (await get("/long.bin")).headers.get("etag") ?? "";
  assert.equal((await part({ range: "bytes=0-1", "if-range": tag }))[0], 206);
  for (const [value, expected] of [
    ["bytes=2-99", { start: 2, end: 10 }],
    ["Bytes = 2-5", { start: 2, end: 6 }],
    ["bytes=-99", { start: 0, end: 10 }],
    ["bytes=0-99999999999999999999999", { start: 0, end: 10 }],
    ["bytes=99999999999999999999999-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=5-2", "whole"],
    ["bytes=0-1,3-4", "whole"],
    ["bytes=-", "whole"],
    ["bytes=+1-2", "whole"],
    ["lines=0-1", "whole"],
    [null, "whole"],
  ]) {
    assert.deepEqual(parseRange(/** @type {any} */ (value), 10), expected, String(value));
  }
  assert.equal(parseRange("bytes=0-", 0), "unsatisfiable");
});

test("what is missing is a 404, and no page in a file's place", async (t) => {
  const { get } = await siteWith(t, { notFound: "404.html" });
  const told = async (/** @type {string} */ path, /** @type {string} */ destination) => {
    const response = await get(path, { destination });
    return [response.status, response.headers.get("content-type"), (await response.text()).slice(0, 7)];
  };
  const line = [404, "text/plain; charset=utf-8", "not_fou"];
  assert.deepEqual(await told("/none.png", "image"), line);
  assert.deepEqual(await told("/none.js", "script"), line);
  assert.deepEqual(await told("/none", ""), [404, "text/html; charset=utf-8", "<p>lost"]);
  assert.deepEqual(await told("/none", "iframe"), [404, "text/html; charset=utf-8", "<p>lost"]);
  assert.equal((await get("/a/%2e%2e%2fb")).status, 400);
  assert.equal((await get("/%zz")).status, 400);
});

test("with spa a page that opens gets the index, an image still fails", async (t) => {
  const { get } = await siteWith(t, { spa: true });
  const page = await get("/deep/link", { destination: "document" });
  assert.equal(page.status, 200);
  assert.match(await page.text(), /^<h1>home/);
  assert.equal((await get("/deep/link.json")).status, 200);
  assert.equal((await get("/deep/link.png", { destination: "image" })).status, 404);
});

test("a folder leads to its slash, and keeps the query", async (t) => {
  const { get } = await siteWith(t);
  const response = await get("/guide?a=b%20c", { destination: "document" });
  assert.equal(response.status, 308);
  assert.equal(response.headers.get("location"), "http://mysite.localhost:7000/guide/?a=b%20c");
  assert.equal((await get("/guide/")).status, 200);
});

test("style sheets have ordinary links for a page, and their own bytes for a script", async (t) => {
  const { get } = await siteWith(t);
  const sheet = await get("/crowd.css", { destination: "style" });
  assert.equal(await sheet.text(), 'a{b:url("/.crowd/x/other/x.png")}');
  assert.equal(sheet.headers.get("etag"), null);
  assert.equal(await (await get("/crowd.css")).text(), files["crowd.css"]);
  const pinned = await get("/crowd.css", { destination: "style", integrity: "sha256-x" });
  assert.equal(await pinned.text(), files["crowd.css"]);
  assert.equal(await (await get("/a.css", { destination: "style" })).text(), "a{}");
});

test("a file that breaks off is an error for its reader, never a shorter file", async (t) => {
  const { get, first, node } = await siteWith(t);
  const last = [...first.chunks].findLast(([, bytes]) => bytes.length === long.length % 1_024)?.[0] ?? "";
  first.chunks.delete(last);
  const response = await get("/long.bin");
  assert.equal(response.status, 200);
  await assert.rejects(response.text());
  assert.ok(node.asked.some(({ url }) => url.endsWith(last)));
});

test("at most four chunks are asked for ahead of the reader", async (t) => {
  const { get, node } = await siteWith(t);
  await get("/long.bin");
  await new Promise((resolve) => setTimeout(resolve, 50));
  const asked = new Set(node.asked.filter(({ url }) => url.includes("/chunk/")).map(({ url }) => url));
  assert.ok(asked.size <= 4, String(asked.size));
});

test("a chunk of another length than the manifest says is not shown", async (t) => {
  const lying = await signedSite(owner, { "x.bin": "short" });
  const json = JSON.parse(new TextDecoder().decode(lying.manifestBytes));
  json.files[0].size = 4;
  const { sha256 } = await import("../../../crates/app/web/protocol/hash.js");
  const { signRelease } = await import("../../../crates/app/web/protocol/release.js");
  const manifestBytes = new TextEncoder().encode(JSON.stringify(json));
  const manifest = await sha256(manifestBytes);
  lying.chunks.set(manifest, manifestBytes);
  const release = await signRelease(owner.key, owner.bytes, { ...lying.release, manifest });
  const parts = await servedSite(t, [{ release, chunks: lying.chunks }]);
  await parts.store.sites.accept("", release, manifestBytes);
  const { event, url } = fetchEvent("/x.bin");
  const response = await new SiteFiles(parts).handle(event, url);
  assert.deepEqual([response.status, (await response.text()).split(":")[0]], [502, "bad_manifest"]);
});

test("a store that was tampered with is fetched anew, not believed", async (t) => {
  const { get, first, store } = await siteWith(t);
  await (await get("/a.css")).text();
  const hash = [...first.chunks].find(([, bytes]) => bytes.length === 3)?.[0] ?? "";
  await tamper(store, "chunks", hash, { bytes: new TextEncoder().encode("b{}"), size: 3, at: 0 });
  assert.equal(await (await get("/a.css")).text(), "a{}");
});

test("files of other projects are verified, and their failures are HTTP's", async (t) => {
  const other = await signedSite(
    owner,
    { "index.html": "x", "p.css": "b{c:url(crowd://p/d.png)}" },
    { project: "other" },
  );
  const parts = await servedSite(t, [other]);
  const foreign = new ForeignFiles(parts);
  const get = (/** @type {string} */ path, asked = {}) => {
    const { event, url } = fetchEvent(path, asked);
    assert.ok(foreign.canHandle(event.request, url));
    return foreign.handle(event, url);
  };
  const sheet = await get("/.crowd/x/other/p.css", { destination: "style" });
  assert.equal(await sheet.text(), 'b{c:url("/.crowd/x/p/d.png")}');
  assert.equal(sheet.headers.get("content-security-policy"), "sandbox");
  assert.equal((await parts.store.sites.get("/other"))?.active, 1);
  assert.equal((await get("/.crowd/x/other/none.png", { destination: "image" })).status, 404);
  assert.equal((await get("/.crowd/x/nobody/x.png", { destination: "image" })).status, 404);
  assert.equal((await get("/.crowd/x/Bad_Name/x.png")).status, 400);
  const page = await get("/.crowd/x/other/?a=1", { destination: "iframe" });
  assert.deepEqual([page.status, page.headers.get("location")], [307, "http://other.localhost:7000/?a=1"]);
});

test("a page below the files of others is led to its own origin in this cluster, and nowhere else", async (t) => {
  const parts = await servedSite(t, []);
  const to = async (/** @type {string} */ path) => {
    const { event, url } = fetchEvent(path, { destination: "document" });
    const { status, headers } = await new ForeignFiles(parts).handle(event, url);
    return [status, headers.get("location")];
  };
  assert.deepEqual(await to("/.crowd/x/other/a?b"), [307, "http://other.localhost:7000/a?b"]);
  for (const path of ["evil.test/phish/login?a=1", "evil.test:443/p/", "[::1]/p/", "/evil.test/p/"]) {
    const [status, location] = await to(`/.crowd/x/${path}`);
    assert.ok([400, 404].includes(Number(status)), path);
    assert.equal(location, null, path);
  }
});

test("what another project's file asks for from its root is its own", async (t) => {
  const own = await signedSite(owner, { "index.html": "x", "js/own.js": "own" });
  const lib = await signedSite(
    owner,
    { "index.html": "x", "js/m.js": "m", "js/n.js": "n" },
    { project: "lib", spa: true },
  );
  const parts = await servedSite(t, [own, lib]);
  await parts.store.sites.accept("", own.release, own.manifestBytes);
  await parts.store.sites.accept("/lib", lib.release, lib.manifestBytes);
  const files = new RootedFiles(new ForeignFiles(parts), new SiteFiles(parts));
  const referrer = "http://mysite.localhost:7000/.crowd/x/lib/js/m.js";
  const get = (/** @type {string} */ path, asked = {}) => {
    const { event, url } = fetchEvent(path, { destination: "script", referrer, ...asked });
    return files.canHandle(event.request, url) ? files.handle(event, url) : null;
  };
  const led = await get("/js/n.js?v=1");
  assert.deepEqual(
    [led?.status, led?.headers.get("location")],
    [307, "http://mysite.localhost:7000/.crowd/x/lib/js/n.js?v=1"],
  );
  assert.equal(await (await get("/js/own.js"))?.text(), "own", "what the other one lacks is as ever");
  assert.equal((await get("/none.js"))?.status, 404);
  assert.equal(get("/.crowd/x/lib/js/n.js"), null);
  assert.equal(get("/js/n.js", { destination: "document" }), null);
  assert.equal(get("/js/n.js", { referrer: "http://mysite.localhost:7000/js/m.js" }), null);
  assert.equal(get("/js/n.js", { referrer: "http://e.org/.crowd/x/lib/js/m.js" }), null);
  assert.equal(get("/js/n.js", { referrer: "about:client" }), null);
});

test("each failure has its status", async () => {
  const statuses = {
    not_found: 404,
    no_peer: 503,
    timeout: 504,
    bad_signature: 502,
    wrong_bytes: 502,
    blocked: 451,
  };
  for (const [code, status] of Object.entries(statuses)) {
    const response = refuse(new CrowdError(code, "a\nb", { trace: "0".repeat(32), retryAfterMs: 1_500 }));
    assert.equal(response.status, status);
    assert.equal(await response.text(), `${code}: a b\n`);
    assert.equal(response.headers.get("retry-after"), status === 503 ? "2" : null);
    assert.equal(response.headers.get("x-crowd-trace"), "0".repeat(32));
  }
});

test("HTML and CSS in UTF-8 can be rewritten", () => {
  for (const type of ["text/html", "Text/HTML; charset=utf-8", 'text/html;charset="UTF-8"'])
    assert.ok(isHtml(type));
  for (const type of ["text/plain", "text/html; charset=shift_jis", "text/htmlx", ""])
    assert.ok(!isHtml(type), type);
  assert.ok(isCss("text/css; charset=utf8") && !isCss("text/css; charset=latin1") && !isCss("text/html"));
});
