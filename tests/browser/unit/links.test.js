// Crowd links become the same ordinary ones as at the gateway.

import assert from "node:assert/strict";
import test from "node:test";
import { Links } from "../../../crates/app/web/links/crowd_links.js";
import { rewriteMetaContent } from "../../../crates/app/web/links/meta_links.js";
import { rewriteSrcset } from "../../../crates/app/web/links/srcset.js";

const options = { project: "site", base: "localhost:7000", scheme: "http", servers: [] };
const own = new Links({ ...options, form: "own" });
const controlled = new Links({ ...options, form: "own", controlled: true });
const path = new Links({ ...options, base: "127.0.0.1:7000", form: "path" });

test("a crowd link becomes an ordinary one", () => {
  const cases = [
    ["crowd://site/a b.html", "/a%20b.html", "/site/a%20b.html"],
    [" CROWD://site ", "/", "/site/"],
    ["crowd://site/a%3Fb?q=%20&r#f", "/a%3Fb?q=%20&r#f", "/site/a%3Fb?q=%20&r#f"],
    ["crowd://site#top", "/#top", "/site/#top"],
    ["crowd://other/x/", "http://other.localhost:7000/x/", "/other/x/"],
    ["crowd://localhost:7000/site/x", "/x", "http://localhost:7000/site/x"],
    ["crowd://e.org/site/x?a'b", "https://e.org/site/x?a%27b", "https://e.org/site/x?a%27b"],
    ["crowd://e.org:7000/p/", "http://e.org:7000/p/", "http://e.org:7000/p/"],
    ["crowd://e.org:443/p/", "https://e.org/p/", "https://e.org/p/"],
    ["crowd://127.0.0.9/p/", "http://127.0.0.9:7000/p/", "http://127.0.0.9:7000/p/"],
    ["crowd://[::1]:8000/p/", "http://[::1]:8000/p/", "http://[::1]:8000/p/"],
  ];
  for (const [link, atOwn, underNode] of cases) {
    assert.equal(own.navigate(link), atOwn, link);
    assert.equal(own.load(link), atOwn, link);
    assert.equal(path.navigate(link), underNode, link);
    assert.equal(path.load(link), underNode, link);
  }
  for (const other of [
    "crowd://site/../x",
    "crowd://Site/",
    "http://crowd/",
    "x",
    "",
    "crowd://",
    "crowdx://site/",
  ]) {
    assert.equal(own.navigate(other), null, other);
    assert.equal(controlled.load(other), null, other);
  }
});

test("with a worker, what a page loads from elsewhere comes through it", () => {
  const cases = [
    ["crowd://site/x.png", "/x.png"],
    ["crowd://localhost:7000/site/x.png", "/x.png"],
    ["crowd://other/x.png?a", "/.crowd/x/other/x.png?a"],
    ["crowd://localhost/other/x.png", "/.crowd/x/other/x.png"],
    ["crowd://e.org/site/x.png", "/.crowd/x/e.org/site/x.png"],
    ["crowd://E.org:7000/p/x y", "/.crowd/x/e.org:7000/p/x%20y"],
    ["crowd://[::1]/p/x", "/.crowd/x/[::1]/p/x"],
  ];
  for (const [link, expected] of cases) assert.equal(controlled.load(link), expected, link);
  assert.equal(controlled.navigate("crowd://other/x"), "http://other.localhost:7000/x");
  const sandboxed = new Links({ ...options, form: "path", controlled: true });
  assert.equal(sandboxed.load("crowd://other/x"), "/other/x");
});

test("a cluster is known by all of its names", () => {
  const servers = ["discovery.example.org:443", "discovery.example.org"];
  const links = new Links({ project: "site", base: "example.org", scheme: "https:", servers, form: "own" });
  const here = [
    "example.org",
    "example.org:443",
    "www.example.org",
    "discovery.example.org",
    "site.example.org",
  ];
  for (const server of here) assert.equal(links.navigate(`crowd://${server}/site/x`), "/x", server);
  for (const server of ["example.org:7000", "other.org", "discovery.example.org:80"]) {
    assert.notEqual(links.navigate(`crowd://${server}/site/x`), "/x", server);
  }
  assert.equal(links.navigate("crowd://other/x"), "https://other.example.org/x");
});

test("an address for readers elsewhere has its origin", () => {
  assert.equal(own.absolute("crowd://site/a"), "http://site.localhost:7000/a");
  assert.equal(own.absolute("crowd://other/a"), "http://other.localhost:7000/a");
  assert.equal(path.absolute("crowd://site/a"), "http://127.0.0.1:7000/site/a");
  assert.equal(path.absolute("crowd://e.org/p/a"), "https://e.org/p/a");
  assert.equal(own.absolute("/a"), null);
});

test("of a srcset only the URLs change", () => {
  const convert = (/** @type {string} */ url) => (url.startsWith("crowd://") ? `/${url.slice(8)}` : null);
  const cases = [
    ["crowd://p/a 1x, crowd://p/b 2x", "/p/a 1x, /p/b 2x"],
    ["crowd://p/a,b.png 480w,x.png 2x", "/p/a,b.png 480w,x.png 2x"],
    ["a.png, crowd://p/b", "a.png, /p/b"],
    [" ,crowd://p/a, ,crowd://p/b(1,2) calc(1, 2)x ,", " ,/p/a, ,/p/b(1,2) calc(1, 2)x ,"],
  ];
  for (const [list, expected] of cases) assert.equal(rewriteSrcset(list, convert), expected, list);
  for (const same of ["", " , ", "a.png 1x, b.png 2x"])
    assert.equal(rewriteSrcset(same, convert), null, same);
});

test("a refresh leads where browsers find its URL", () => {
  const refresh = (/** @type {string} */ content) =>
    rewriteMetaContent(content, { httpEquiv: " Refresh ", names: [] }, own);
  const cases = [
    ["0; url=crowd://site/a", "0; url=/a"],
    [" 5.5 ,  URL = 'crowd://site/b c' ; x", " 5.5 ,  URL = '/b%20c' ; x"],
    ["0;crowd://site/", "0;/"],
    ['0 "crowd://site/"', '0 "/"'],
    ["0;url='crowd://site/", "0;url='/"],
  ];
  for (const [content, expected] of cases) assert.equal(refresh(content), expected, content);
  for (const none of ["0;urlx", "0", "0;", "url=crowd://site/", "0x; url=crowd://site/", "", "0;url="]) {
    assert.equal(refresh(none), null, none);
  }
});

test("previews get whole addresses", () => {
  const meta = (/** @type {string} */ name) => ({ httpEquiv: null, names: [null, name] });
  assert.equal(rewriteMetaContent("crowd://site/a", meta("OG:Image"), own), "http://site.localhost:7000/a");
  assert.equal(rewriteMetaContent("crowd://site/a", meta("description"), own), null);
});
