// What a host fetches behind the visitor's back: newer versions, and all of a site where a person keeps it.

import assert from "node:assert/strict";
import test from "node:test";
import { Bits } from "../../../crates/app/web/protocol/bits.js";
import { newOwner, publication } from "./support/keys.js";
import { aWhile, Hosting, until } from "./support/hosting.js";

const owner = await newOwner();
const files = { "a.txt": "a one", "index.html": "index one", "z.txt": "z one" };
const first = await publication({ owner, files });
const second = await publication({
  owner,
  version: 2,
  files: { ...files, "a.txt": "a two", "index.html": "index two", "new.txt": "new" },
});
const hashesOf = ({ manifestBytes }) => {
  const { files } = JSON.parse(new TextDecoder().decode(manifestBytes));
  return Object.fromEntries(files.map(({ path, chunks }) => [path, chunks[0]]));
};
const [one, two] = [hashesOf(first), hashesOf(second)];
const chunksFetched = (node) =>
  node.fetched.filter((path) => path.includes("/chunk/")).map((path) => path.split("/").at(-1));
const newer = (hosting) => hosting.heard.filter(({ t }) => t === "newer").map(({ version }) => version);

/** A host of the first version, of which index.html and a.txt were seen. */
async function hostOfFirst(t, parts) {
  const hosting = await Hosting.begin(t);
  await hosting.keep(first, [one["index.html"], one["a.txt"]]);
  hosting.node.publication = first;
  await hosting.start(parts);
  await until(() => hosting.node.of("host").length === 1);
  await until(() => hosting.node.of("resolve").length >= 1);
  await aWhile();
  return hosting;
}

test("after an update and a random wait it fetches what it had of the one before, offers and hosts it", async (t) => {
  const hosting = await hostOfFirst(t);
  const { node, store } = hosting;
  node.publication = second;
  node.say({ t: "updated", project: "mysite", version: 2 });
  await until(() => hosting.timers.some(({ at }) => at === hosting.now + 2_500));
  await aWhile();
  assert.ok(!node.fetched.some((path) => path.endsWith("/release")), "not before its time");
  hosting.pass(2_500);
  await until(() => newer(hosting).length === 1);
  assert.deepEqual(newer(hosting), [2]);
  const fetched = chunksFetched(node).filter((hash) => hash !== second.release.manifest);
  assert.deepEqual(
    fetched.sort(),
    [two["a.txt"], two["index.html"]].sort(),
    "what was not seen is not fetched",
  );
  const [, told] = await until(() => node.of("host").length === 2 && node.of("host"));
  assert.deepEqual([told.version, Bits.parse(told.have, 4).count], [2, 2]);
  // The visitor is shown the old one until the worker says otherwise, and who reads the old one is answered too.
  assert.equal((await store.sites.get("")).active, 1);
  assert.deepEqual(await node.ask(one["index.html"]), first.chunks.get(one["index.html"]));
  assert.deepEqual(await node.ask(two["index.html"], "mysite", 2), second.chunks.get(two["index.html"]));
  await hosting.statusWhere((status) => status.newer === 2 && status.version === 2);
  await store.sites.activate("", 2);
  hosting.say({ t: "hello", metered: false, page: "next" });
  await hosting.statusWhere((status) => status.newer === null);
});

test("an update that was missed is noticed at the next connection", async (t) => {
  const hosting = await hostOfFirst(t);
  hosting.node.publication = second;
  await hosting.node.drop();
  await hosting.statusWhere(({ connected }) => !connected);
  hosting.say({ t: "hello", metered: false, page: "late" });
  await hosting.statusWhere((status) => status.newer === 2);
});

test("what can't be had now is asked for later, and nothing is offered before it is complete", async (t) => {
  const hosting = await hostOfFirst(t);
  const { node } = hosting;
  const chunks = new Map(second.chunks);
  chunks.delete(two["a.txt"]);
  node.publication = { ...second, chunks };
  node.say({ t: "updated", project: "mysite", version: 2 });
  await until(() => {
    hosting.pass(500);
    return chunksFetched(node).includes(two["a.txt"]);
  });
  await aWhile();
  assert.deepEqual(newer(hosting), []);
  chunks.set(two["a.txt"], second.chunks.get(two["a.txt"]));
  await until(() => {
    hosting.pass(10_000);
    return newer(hosting).length === 1;
  });
});

test("an update that was accepted but not fetched to its end is completed after a restart", async (t) => {
  const hosting = await Hosting.begin(t);
  await hosting.keep(first, [one["index.html"]]);
  await hosting.store.sites.accept("", second.release, second.manifestBytes);
  hosting.node.publication = second;
  await hosting.start();
  await until(() => newer(hosting).includes(2));
  await until(() => hosting.node.of("host").at(-1)?.version === 2);
});

test("nothing is fetched in the background on a metered connection; it is when that ends", async (t) => {
  const hosting = await hostOfFirst(t);
  const { node } = hosting;
  hosting.say({ t: "hello", metered: true, page: "phone" });
  await until(() => node.of("unhost").length === 1);
  node.publication = second;
  node.say({ t: "updated", project: "mysite", version: 2 });
  await until(() => hosting.timers.length > 0);
  await aWhile();
  hosting.pass(10_000);
  await aWhile();
  assert.deepEqual([newer(hosting), chunksFetched(node)], [[], []]);
  hosting.say({ t: "hello", metered: false, page: "phone" });
  await until(() => newer(hosting).length === 1);
});

test("a release by another key is not taken, and is named", async (t) => {
  const hosting = await hostOfFirst(t);
  const { node } = hosting;
  node.publication = await publication({ owner: await newOwner(), version: 3, files });
  node.say({ t: "updated", project: "mysite", version: 3 });
  const { version } = await hosting.statusWhere(({ error }) => error === "owner_changed");
  assert.equal(version, 1);
  assert.deepEqual(await node.ask(one["index.html"]), first.chunks.get(one["index.html"]));
});

test("all of it is kept where a person says so, and a restart goes on with it", async (t) => {
  const hosting = await hostOfFirst(t);
  const { node, store } = hosting;
  const chunks = new Map(first.chunks);
  chunks.delete(one["z.txt"]);
  node.publication = { ...first, chunks };
  hosting.say({ t: "set", what: "keepAll", value: true });
  const part = await hosting.statusWhere(
    (status) => status.keepAll && chunksFetched(node).includes(one["z.txt"]),
  );
  assert.equal(part.keepDone, 14 / 19);
  hosting.host.stop();
  chunks.set(one["z.txt"], first.chunks.get(one["z.txt"]));
  await hosting.start();
  await hosting.statusWhere((status) => status.keepAll && status.keepDone === 1);
  await until(() => node.of("have").length > 0 || node.of("host").at(-1).have === "all");
  assert.equal((await store.sites.get("")).kept, "all");

  // Of a newer one all is taken then.
  node.publication = second;
  node.say({ t: "updated", project: "mysite", version: 2 });
  await hosting.statusWhere((status) => status.newer === 2 && status.keepDone === 1);
  assert.ok((await store.chunks.hasAll(Object.values(two))).every(Boolean));
});

test("where the store is full it says so, and goes on when there is room", async (t) => {
  const hosting = await Hosting.begin(t);
  const big = await publication({ owner, files: { "index.html": "x", "b.txt": "b".repeat(4_000) } });
  await hosting.keep(big, [hashesOf(big)["index.html"]]);
  await hosting.store.settings.set("storageBytes", 1_500);
  hosting.node.publication = big;
  await hosting.start();
  hosting.say({ t: "set", what: "keepAll", value: true });
  await hosting.statusWhere(({ error }) => error === "full");
  hosting.say({ t: "set", what: "storageBytes", value: 2 ** 20 });
  await hosting.statusWhere((status) => status.keepDone === 1 && status.error === null);
});
