// What is typed into the landing page: names and addresses, and what the node's answers come to.
import assert from "node:assert/strict";
import { test } from "node:test";

import { destinationOf, destinationUrl } from "../../../crates/app/web/landing/destination.js";
import { sayHealth } from "../../../crates/app/web/landing/health_line.js";
import { parseHosts } from "../../../crates/app/web/landing/hosts_watch.js";
import { releaseMoment } from "../../../crates/app/web/landing/moments.js";
import { nameStateOfRelease, nameStateOfText } from "../../../crates/app/web/landing/name_state.js";
import { OpenedList } from "../../../crates/app/web/landing/opened_list.js";
import { ProjectLinks } from "../../../crates/app/web/landing/project_links.js";

const HERE = { protocol: "http:", host: "localhost:7000", hostname: "localhost", port: "7000" };
const THERE = { protocol: "https:", host: "crowd.example.org", hostname: "crowd.example.org", port: "" };

test("a name is judged as it is typed", () => {
  for (const [text, kind, says] of [
    ["", "empty", /letters a to z/],
    ["mysite", "checking", /free/],
    ["My", "invalid", /small letters/],
    ["my site", "invalid", /letters a to z, digits and hyphens/],
    ["-a", "invalid", /neither begins/],
    ["a-", "invalid", /nor ends/],
    ["xn--a", "invalid", /xn--/],
    ["www", "invalid", /www/],
    ["a".repeat(64), "invalid", /63/],
  ]) {
    const state = nameStateOfText(text);
    assert.equal(state.kind, kind, text);
    assert.match(state.text, says);
  }
});

test("a name is free, yours or taken", () => {
  const release = { owner: "me", version: 3 };
  assert.equal(nameStateOfRelease(null, null).kind, "free");
  assert.deepEqual(
    [nameStateOfRelease(release, "me").kind, nameStateOfRelease(release, "me").version],
    ["yours", 3],
  );
  assert.match(nameStateOfRelease(release, "me").text, /makes it 4/);
  assert.equal(nameStateOfRelease(release, "other").kind, "taken");
  assert.match(nameStateOfRelease(release, null).text, /import your key/);
});

test("names and addresses lead somewhere", () => {
  for (const [typed, url] of [
    ["hello", "/hello/"],
    [" Hello ", "/hello/"],
    ["hello/guide/", "/hello/guide/"],
    ["hello/a b?q=1#part", "/hello/a%20b?q=1#part"],
    ["crowd://hello/guide/", "/hello/guide/"],
    ["crowd://localhost:7000/hello/", "/hello/"],
    ["crowd://localhost/Hello/X", "/hello/X"],
    ["http://localhost:7000/hello/guide/", "/hello/guide/"],
    ["http://hello.localhost:7000/guide/", "/hello/guide/"],
    ["crowd://other.example/hello/", "https://other.example/hello/"],
    ["crowd://other.example:7000/hello/", "http://other.example:7000/hello/"],
    ["crowd://127.0.0.1/hello/", "http://127.0.0.1:7000/hello/"],
    ["other.example/hello/x", "https://other.example/hello/x"],
  ]) {
    const to = destinationOf(typed, HERE, "localhost");
    assert.ok(!("problem" in to), `${typed}: ${to.problem}`);
    assert.equal(destinationUrl(to), url, typed);
  }
  const to = destinationOf("https://mysite.crowd.example.org/x", THERE, "crowd.example.org");
  assert.equal(destinationUrl(to), "/mysite/x");
  assert.equal(destinationUrl(destinationOf("crowd://crowd.example.org/a/", THERE)), "/a/");
});

test("what leads nowhere is answered with a reason", () => {
  for (const [typed, says] of [
    ["", /Type the name/],
    ["https://example.org/x", /web address elsewhere/],
    ["ftp://x/y", /begins with crowd/],
    ["crowd://other.example", /no project/],
    ["crowd://other.example/?q", /no project/],
    ["my_site", /only the letters/],
    ["hello/../x", /no file can have/],
    ["hello/%zz", /no file can have/],
  ]) {
    const to = destinationOf(typed, HERE, "localhost");
    assert.match("problem" in to ? to.problem : "nothing", says, typed);
  }
});

test("a project has its own origin where there is a domain", () => {
  const here = new ProjectLinks(HERE, "");
  assert.equal(here.full("a"), "http://a.localhost:7000/");
  assert.equal(here.manage("a"), "http://a.localhost:7000/.crowd/manage");
  assert.equal(here.crowd("a"), "crowd://localhost:7000/a/");
  const there = new ProjectLinks(THERE, "crowd.example.org");
  assert.equal(there.full("a"), "https://a.crowd.example.org/");
  assert.equal(there.crowd("a"), "crowd://crowd.example.org/a/");
  const plain = new ProjectLinks({ protocol: "http:", host: "10.0.0.1", hostname: "10.0.0.1", port: "" }, "");
  assert.equal(plain.manage("a"), null);
  assert.equal(plain.full("a"), "http://10.0.0.1/a/");
  assert.equal(plain.crowd("a"), "crowd://10.0.0.1:80/a/");
});

test("the list of what was opened is bounded, and survives what it finds", () => {
  const kept = new Map([["crowd.opened", '["b","b",1,"<img>","www"]']]);
  const list = new OpenedList({
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  });
  assert.deepEqual(list.names(), ["b"]);
  for (let n = 0; n < 20; n += 1) list.add(`p${n}`);
  assert.equal(list.names().length, 12);
  list.add("p12");
  assert.deepEqual(list.names().slice(0, 2), ["p12", "p19"]);
  list.remove("p12");
  assert.ok(!list.names().includes("p12"));
  list.clear();
  assert.equal(kept.size, 0);
  kept.set("crowd.opened", "{");
  assert.deepEqual(list.names(), []);
});

test("hosts are counted, whatever the node says", () => {
  const hosts = parseHosts({
    nodes: [
      { node: "a", all: 2, part: 1 },
      { node: "b", all: -1, part: "x" },
      null,
      { node: 7, all: 1, part: 0 },
    ],
  });
  assert.deepEqual([hosts.all, hosts.part, hosts.nodes.length], [3, 1, 2]);
  for (const json of [null, {}, { nodes: "x" }, 3]) assert.equal(parseHosts(json), null);
});

test("the node is told of in a line", () => {
  const health = { connected: true, failed: false, node: "fjord", cluster: "c", nodes: 3 };
  assert.equal(sayHealth(health), "Node fjord · connected · 3 nodes in the cluster");
  assert.match(sayHealth({ ...health, nodes: 0 }), /the only node/);
  assert.match(sayHealth({ ...health, connected: false, failed: true }), /not connected/);
  assert.match(sayHealth({ ...health, connected: false }), /Looking/);
});

test("a release's moment has seconds and no more", () => {
  assert.equal(releaseMoment(new Date("2026-11-22T17:00:00.123Z")), "2026-11-22T17:00:00Z");
});
