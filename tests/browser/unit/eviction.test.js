// Making room: what goes first, what never goes.

import assert from "node:assert/strict";
import test from "node:test";
import { sha256 } from "../../../crates/app/web/protocol/hash.js";
import { makeRoom } from "../../../crates/app/web/store/eviction.js";
import { newOwner, publication } from "./support/keys.js";
import { newStore, openRaw, tamper } from "./support/stores.js";

const owner = await newOwner();

/** A page of so many bytes, each another. */
const filler = (seed, bytes) => `${seed} `.repeat(Math.ceil(bytes / (seed.length + 1))).slice(0, bytes);

async function keep(store, id, options) {
  const project = id === "" ? "mysite" : id.slice(id.lastIndexOf("/") + 1);
  const made = await publication({ owner, project, chunkSize: 4096, ...options });
  await store.sites.accept(id, made.release, made.manifestBytes);
  for (const [hash, bytes] of made.chunks) await store.chunks.put(hash, bytes, { protect: id });
  return made;
}

const isWhole = async (store, { chunks }) => (await store.chunks.hasAll([...chunks.keys()])).every(Boolean);

async function threeVersions(store) {
  const made = [];
  for (const version of [1, 2, 3]) {
    const files = { "index.html": filler(`version ${version}`, 3_000), "shared.html": "the same in all" };
    made.push(await keep(store, "", { version, files }));
  }
  await store.sites.activate("", 2);
  return made;
}

test("old versions go whole and first, never what is active or newest", async (t) => {
  const store = newStore(t);
  const [old, active, newest] = await threeVersions(store);
  const foreign = await keep(store, "/other", { files: { "index.html": filler("foreign", 3_000) } });
  assert.ok((await makeRoom(store, 1)) >= 3_000);
  assert.deepEqual(await store.sites.versions(""), [2, 3]);
  assert.equal((await store.chunks.hasAll([old.release.manifest]))[0], false);
  for (const kept of [active, newest, foreign]) assert.ok(await isWhole(store, kept));

  assert.ok((await makeRoom(store, 1)) >= 3_000);
  assert.equal(await store.sites.get("/other"), undefined);
  assert.equal(await isWhole(store, foreign), false);

  assert.equal(await makeRoom(store, 1), 0);
  for (const kept of [active, newest]) assert.ok(await isWhole(store, kept));
});

test("with more versions than can be listed, what is shown and what is newest stay whole", async (t) => {
  const store = newStore(t);
  const [, active, newest] = await threeVersions(store);
  const known = await store.sites.get("");
  // As an app that forgot none left them; these here are older than all others.
  const database = await openRaw(store.connection.name);
  const transaction = database.transaction(["releases", "sites"], "readwrite");
  const releases = transaction.objectStore("releases");
  const [second, third] = [active.release, newest.release];
  releases.delete(["", 1]);
  for (let version = 3; version < 1_100; version += 1) {
    releases.put({ release: { ...third, version, manifest: "0".repeat(64) } }, ["", version]);
  }
  releases.delete(["", 2]);
  releases.put({ release: second }, ["", 1_100]);
  releases.put({ release: third }, ["", 1_101]);
  const site = { ...known, active: 1_100, newest: 1_101 };
  transaction.objectStore("sites").put(site, "");
  await new Promise((resolve) => (transaction.oncomplete = () => resolve()));
  database.close();
  // So old that they would be taken for strays.
  for (const { chunks } of [active, newest]) {
    for (const [hash, bytes] of chunks)
      await tamper(store, "chunks", hash, { bytes, size: bytes.length, at: 0 });
  }
  await makeRoom(store, 1_000_000);
  for (const kept of [active, newest]) assert.ok(await isWhole(store, kept));
});

test("foreign sites go by their last use; protected ones and those kept whole stay", async (t) => {
  const store = newStore(t);
  const made = {};
  for (const name of ["a", "b", "c", "d"]) {
    made[name] = await keep(store, `/${name}`, { files: { "index.html": filler(name, 2_000) } });
  }
  await store.sites.keep("/c", "all");
  for (const [at, name] of ["b", "a", "c", "d"].entries()) {
    const site = await store.sites.get(`/${name}`);
    await tamper(store, "sites", `/${name}`, { ...site, usedAt: at });
  }
  await makeRoom(store, 1, { protect: "/b" });
  assert.equal(await store.sites.get("/a"), undefined);
  for (const name of ["b", "c", "d"]) assert.ok(await isWhole(store, made[name]), name);
  await makeRoom(store, 1);
  assert.equal(await store.sites.get("/b"), undefined);
  await makeRoom(store, 1_000_000);
  assert.deepEqual(
    (await store.sites.list()).map(({ id }) => id),
    ["/c"],
  );
});

test("a chunk that doesn't fit makes its own room", async (t) => {
  const store = newStore(t);
  const [, active, newest] = await threeVersions(store);
  await store.settings.set("storageBytes", (await store.chunks.size()) + 100);
  const bytes = new TextEncoder().encode(filler("new", 2_000));
  const hash = await sha256(bytes);
  await store.chunks.put(hash, bytes, { protect: "" });
  assert.deepEqual(await store.chunks.get(hash), bytes);
  assert.deepEqual(await store.sites.versions(""), [2, 3]);
  for (const kept of [active, newest]) assert.ok(await isWhole(store, kept));
});

test("chunks at the same time don't make more room than they need", async (t) => {
  const store = newStore(t);
  for (const name of ["a", "b", "c", "d"]) {
    await keep(store, `/${name}`, { files: { "index.html": filler(name, 4_000) } });
  }
  await store.settings.set("storageBytes", (await store.chunks.size()) + 10);
  const texts = [...Array(6).keys()].map((at) => filler(`new ${at}`, 500));
  const puts = texts.map(async (text) => {
    const bytes = new TextEncoder().encode(text);
    await store.chunks.put(await sha256(bytes), bytes);
  });
  await Promise.all(puts);
  assert.equal((await store.sites.list()).length, 3);
});

test("what belongs to nothing goes before anything else, unless it is new", async (t) => {
  const store = newStore(t);
  const [old] = await threeVersions(store);
  const [stray, fresh] = ["stray", "fresh"].map((text) => new TextEncoder().encode(filler(text, 1_500)));
  for (const bytes of [stray, fresh]) await store.chunks.put(await sha256(bytes), bytes);
  await tamper(store, "chunks", await sha256(stray), { bytes: stray, size: stray.length, at: 0 });
  assert.equal(await makeRoom(store, 1), 1_500);
  assert.deepEqual(await store.chunks.hasAll([await sha256(stray), await sha256(fresh)]), [false, true]);
  assert.ok(await isWhole(store, old));
});
