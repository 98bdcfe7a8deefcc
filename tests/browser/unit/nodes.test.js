// Which nodes are asked, in which order, and where another server is reached.

import assert from "node:assert/strict";
import test from "node:test";
import { parseServer } from "../../../crates/app/web/protocol/address.js";
import { NamedServer } from "../../../crates/app/web/net/named_server.js";
import { mayFetchFrom, Nodes } from "../../../crates/app/web/net/nodes.js";
import { newStore } from "./support/stores.js";

test("home goes first, who failed lately goes last", async () => {
  let now = 0;
  const nodes = new Nodes("http://home", null, () => now);
  await nodes.learn(["wss://a.example/.crowd/ws", "ws://b.example:7000/.crowd/ws", "ws://home/.crowd/ws"]);
  assert.deepEqual(nodes.bases(), ["http://home", "https://a.example", "http://b.example:7000"]);
  nodes.failed("http://home");
  assert.deepEqual(nodes.bases(), ["https://a.example", "http://b.example:7000", "http://home"]);
  now = 29_999;
  nodes.failed("https://a.example");
  assert.deepEqual(nodes.bases(), ["http://b.example:7000", "http://home", "https://a.example"]);
  now = 30_000;
  assert.deepEqual(nodes.bases(), ["http://home", "http://b.example:7000", "https://a.example"]);
  nodes.answered("https://a.example");
  assert.deepEqual(nodes.bases(), ["http://home", "https://a.example", "http://b.example:7000"]);
});

test("what is no node's address is not learnt, and no more than sixteen are", async () => {
  const nodes = new Nodes("http://home", null);
  const junk = [
    "",
    "x",
    "http://a.example/",
    "wss://a.example/",
    "wss://u:p@a.example/.crowd/ws",
    "javascript:0",
  ];
  await nodes.learn(junk);
  assert.deepEqual(nodes.bases(), ["http://home"]);
  await nodes.learn(Array.from({ length: 100 }, (_, at) => `wss://n${at}.example/.crowd/ws`));
  assert.equal(nodes.bases().length, 17);
});

test("nodes are remembered, checked again", async (t) => {
  const { settings } = newStore(t);
  await new Nodes("http://home", settings).learn(["wss://a.example/.crowd/ws"]);
  const nodes = new Nodes("http://home", settings);
  await nodes.load();
  assert.deepEqual(nodes.bases(), ["http://home", "https://a.example"]);
  await settings.set("nodes", [
    "https://a.example/path",
    "ftp://x",
    "https://b.example",
    "https://b.example",
  ]);
  const checked = new Nodes("http://home", settings);
  await checked.load();
  assert.deepEqual(checked.bases(), ["http://home", "https://b.example"]);
});

test("a secure page fetches from secure nodes, or from this machine", () => {
  for (const [base, page, may] of [
    ["https://a.example", "https:", true],
    ["http://a.example", "https:", false],
    ["http://a.example", "http:", true],
    ["http://localhost:7000", "https:", true],
    ["http://p.localhost:7000", "https:", true],
    ["http://127.0.0.1:7000", "https:", true],
    ["http://[::1]:7000", "https:", true],
    ["http://127.example", "https:", false],
  ]) {
    assert.equal(mayFetchFrom(base, page), may, base);
  }
});

test("another server is reached where its address says", () => {
  let now = 0;
  const at = (text, page) => new NamedServer(parseServer(text), page, () => now);
  const bases = (text, page) => at(text, page).bases();
  assert.deepEqual(bases("n.example:8080", "http:"), ["http://n.example:8080"]);
  assert.deepEqual(bases("n.example:8080", "https:"), ["https://n.example:8080"]);
  assert.deepEqual(bases("n.example:443", "http:"), ["https://n.example"]);
  assert.deepEqual(bases("[::1]:7000", "http:"), ["http://[::1]:7000"]);
  assert.deepEqual(bases("n.example", "http:"), ["https://n.example"]);

  const plain = at("n.example", "http:");
  plain.failed("https://n.example");
  assert.deepEqual(plain.bases(), ["http://n.example:7000", "https://n.example"]);
  now = 300_000;
  assert.deepEqual(plain.bases(), ["https://n.example"]);
  plain.failed("https://n.example");
  plain.answered("https://n.example");
  assert.deepEqual(plain.bases(), ["https://n.example"]);

  const secure = at("n.example", "https:");
  secure.failed("https://n.example");
  assert.deepEqual(secure.bases(), ["https://n.example"]);
});
