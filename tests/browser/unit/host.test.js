// The host of an origin: what it announces and answers, from storage alone, and how it comes back.

import assert from "node:assert/strict";
import test from "node:test";
import { Bits } from "../../../crates/app/web/protocol/bits.js";
import { openStore } from "../../../crates/app/web/store/database.js";
import { newOwner, publication } from "./support/keys.js";
import { aWhile, Hosting, until } from "./support/hosting.js";
import { tamper } from "./support/stores.js";

const owner = await newOwner();
const files = { "a.txt": "a".repeat(3_000), "index.html": "the index", "z.txt": "last" };
const site = await publication({ owner, files });
const manifest = JSON.parse(new TextDecoder().decode(site.manifestBytes));
const chunksOf = (path) => manifest.files.find((file) => file.path === path).chunks;
const [index] = chunksOf("index.html");

test("with nothing in the store it watches; what the worker stores then is hosted, and what follows is told", async (t) => {
  const hosting = await Hosting.begin(t);
  const { node, store } = hosting;
  node.publication = site;
  await hosting.start();
  await until(() => node.of("watch").length === 1);
  assert.equal(node.of("host").length, 0);
  assert.equal(await node.ask(index), "not_here");

  await hosting.keep(site, [index]);
  hosting.say({ t: "stored", site: "", version: 1, hashes: [index] });
  const [told] = await until(() => node.of("host").length && node.of("host"));
  assert.equal(told.version, 1);
  const bits = Bits.parse(told.have, manifest.files.flatMap(({ chunks }) => chunks).length);
  assert.deepEqual([bits.count, bits.has(3)], [1, true]);
  await until(() => hosting.states().includes(12));
  const { detail } = hosting.heard.find(({ state }) => state === 12);
  assert.deepEqual(detail, { project: "mysite", version: 1, have: 1, of: 5 });

  const more = chunksOf("a.txt");
  for (const hash of more) await store.chunks.put(hash, site.chunks.get(hash));
  const unheld = chunksOf("z.txt");
  for (const hash of [...more, ...unheld]) hosting.say({ t: "stored", site: "", version: 1, hashes: [hash] });
  // "aaa…" is cut into two equal chunks and a rest: each number is told once.
  await until(() => node.of("have").flatMap(({ chunks }) => chunks).length === 3);
  await aWhile();
  const numbers = node.of("have").flatMap(({ chunks }) => chunks);
  assert.deepEqual(numbers.sort(), [0, 1, 2], "nor is told what is not in the store");
  assert.equal(node.of("host").length, 1);
  const status = await hosting.statusWhere(({ haveChunks }) => haveChunks === 4);
  const { connected, hosting: state, version, newer, peers, allChunks, haveBytes, allBytes } = status;
  assert.deepEqual(
    { connected, state, version, newer, peers, allChunks, haveBytes, allBytes },
    {
      connected: true,
      state: "on",
      version: 1,
      newer: null,
      peers: 1,
      allChunks: 5,
      haveBytes: 3_009,
      allBytes: 3_013,
    },
  );
});

test("it answers from the store, and tells which state was reached", async (t) => {
  const hosting = await Hosting.begin(t);
  const { node } = hosting;
  await hosting.keep(site);
  await hosting.start();
  await until(() => hosting.states().includes(12));
  assert.equal(node.of("host")[0].have, "all");
  hosting.heard.length = 0;
  assert.deepEqual(await node.ask(index), site.chunks.get(index));
  assert.deepEqual(await node.ask(chunksOf("z.txt")[0]), site.chunks.get(chunksOf("z.txt")[0]));
  assert.deepEqual(await node.ask(site.release.manifest), site.manifestBytes);
  await until(() => hosting.states().length >= 4);
  assert.deepEqual(hosting.states(), [2, 3, 8, 9], "a manifest is no file");
  const { bytesOut, outToday } = await hosting.statusWhere((status) => status.bytesOut > 0);
  assert.deepEqual([bytesOut, outToday], [13 + site.manifestBytes.length, bytesOut]);
  await until(async () => (await hosting.store.counters.total()).up === bytesOut);
});

test("it answers for its project alone, though the store has more", async (t) => {
  const hosting = await Hosting.begin(t);
  const other = await publication({ owner, project: "other", files: { "index.html": "of another site" } });
  await hosting.keep(site);
  await hosting.store.sites.accept("/other", other.release, other.manifestBytes);
  for (const [hash, bytes] of other.chunks) await hosting.store.chunks.put(hash, bytes);
  await hosting.start();
  await until(() => hosting.states().includes(12));
  for (const hash of other.chunks.keys()) {
    assert.equal(await hosting.node.ask(hash), "not_here");
    assert.equal(await hosting.node.ask(hash, "other"), "not_here");
  }
});

test("a chunk that was tampered with is not served, and what is here is announced anew", async (t) => {
  const hosting = await Hosting.begin(t);
  const { node, store } = hosting;
  await hosting.keep(site);
  await hosting.start();
  await until(() => hosting.states().includes(12));
  const wrong = new Uint8Array(site.chunks.get(index).length);
  await tamper(store, "chunks", index, { bytes: wrong, size: wrong.length, at: 0 });
  assert.equal(await node.ask(index), "not_here");
  const [, again] = await until(() => node.of("host").length === 2 && node.of("host"));
  assert.deepEqual([Bits.parse(again.have, 5).has(3), Bits.parse(again.have, 5).count], [false, 4]);
  hosting.say({ t: "hello", metered: false });
  await hosting.statusWhere(({ haveChunks }) => haveChunks === 4);
});

test("a manifest that is gone is fetched again, and nothing else", async (t) => {
  const hosting = await Hosting.begin(t);
  const { node, store } = hosting;
  await hosting.keep(site);
  await tamper(store, "chunks", site.release.manifest, undefined);
  node.publication = site;
  // A browser that was restarted.
  hosting.store = openStore(store.connection.name);
  await hosting.start();
  await until(() => node.of("host").length === 1);
  assert.deepEqual(node.fetched.filter((path) => path.includes("/chunk/")).length, 1);
  assert.deepEqual(await node.ask(index), site.chunks.get(index));
});

test("it announces itself again after a reconnect and after a restart, from storage", async (t) => {
  const hosting = await Hosting.begin(t);
  const { node } = hosting;
  await hosting.keep(site);
  const host = await hosting.start();
  await until(() => node.of("host").length === 1);
  await node.drop();
  await hosting.statusWhere(({ connected }) => !connected);
  // A page that comes hurries it; else it waits a while.
  hosting.say({ t: "hello", metered: false, page: "late" });
  await until(() => node.of("host").length === 2);
  host.stop();
  await hosting.start();
  await until(() => node.of("host").length === 3);
  assert.deepEqual(
    node.of("host").map(({ have }) => have),
    ["all", "all", "all"],
  );
});

test("each page that comes is told of state 12, and a host that starts asks who is there", async (t) => {
  const hosting = await Hosting.begin(t);
  await hosting.keep(site);
  await hosting.start();
  await until(() => hosting.heard.some((message) => message.t === "who"));
  await until(() => hosting.states().length === 1);
  for (const page of ["one", "two", "two"]) hosting.say({ t: "hello", metered: false, page });
  await until(() => hosting.states().length === 3);
  await aWhile();
  assert.deepEqual(hosting.states(), [12, 12, 12]);
});

test("a refusal is shown, and one that passes is tried again", async (t) => {
  const hosting = await Hosting.begin(t);
  const { node } = hosting;
  await hosting.keep(site);
  node.react = ({ t }) => (t === "host" ? { t: "error", code: "blocked", message: "not here" } : undefined);
  const host = await hosting.start();
  await hosting.statusWhere(({ error }) => error === "blocked");
  assert.equal(node.of("host").length, 1);
  host.stop();

  node.said.length = 0;
  node.react = ({ t }) =>
    t === "host" && node.of("host").length === 1
      ? { t: "error", code: "rate_limited", retry_after_ms: 700, message: "slow down" }
      : undefined;
  await hosting.start();
  await until(() => node.of("host").length === 1);
  await until(() => hosting.timers.some(({ at }) => at === hosting.now + 700));
  hosting.pass(700);
  await until(() => node.of("host").length === 2);
  await hosting.statusWhere(({ error }) => error === null);
});

test("status is told at most four times a second, and the last one always", async (t) => {
  const hosting = await Hosting.begin(t);
  await hosting.keep(site);
  await hosting.start();
  await until(() => hosting.states().includes(12));
  hosting.pass(1_000);
  await aWhile();
  hosting.heard.length = 0;
  for (let asked = 0; asked < 20; asked += 1) await hosting.node.ask(index);
  await aWhile();
  const before = hosting.heard.filter((message) => message.t === "status").length;
  assert.ok(before <= 1, `${before} without any time passing`);
  hosting.pass(250);
  await until(() => hosting.status()?.bytesOut === 20 * 9);
  assert.ok(hosting.heard.filter((message) => message.t === "status").length <= 2);
});

test("what a page's script sends is no harm: junk is ignored, and stop is the end", async (t) => {
  const hosting = await Hosting.begin(t);
  const { node } = hosting;
  await hosting.keep(site);
  let stopped = 0;
  await hosting.start({ onStop: () => (stopped += 1) });
  await until(() => hosting.states().includes(12));
  const junk = [
    null,
    7,
    "x",
    [],
    { t: "set" },
    { t: "set", what: "hosting", value: {} },
    { t: "set", what: "uploadPerDay", value: -1 },
    { t: "set", what: "storageBytes", value: 5 },
    { t: "set", what: "config", value: {} },
    { t: "stored", site: {}, version: "x", hashes: 9 },
    { t: "stored", site: "", version: 1, hashes: ["x"] },
    { t: "stored", site: "", version: 1, hashes: ["0".repeat(64)] },
    { t: "stored", site: "", version: 99, hashes: [index] },
    { t: "hello", metered: "very", page: {} },
  ];
  for (const message of junk) hosting.say(message);
  await aWhile();
  assert.deepEqual(await node.ask(index), site.chunks.get(index));
  assert.deepEqual([node.of("host").length, node.of("have").length], [1, 0]);
  hosting.say({ t: "stop" });
  await until(() => stopped === 1);
  const { connected, hosting: state } = hosting.status();
  assert.deepEqual([connected, state], [false, "off"]);
});

test("without a network it tells what is here", async (t) => {
  const hosting = await Hosting.begin(t);
  await hosting.keep(site, [index]);
  hosting.node.stop();
  hosting.node.config = null;
  await hosting.start();
  const status = await hosting.statusWhere(({ haveChunks }) => haveChunks === 1);
  assert.deepEqual([status.connected, status.version, status.hosting], [false, 1, "ask"]);
});
