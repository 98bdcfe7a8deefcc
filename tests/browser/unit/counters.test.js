// Traffic by day and in all, and the versions of open pages.

import assert from "node:assert/strict";
import test from "node:test";
import { CounterStore } from "../../../crates/app/web/store/counters.js";
import { JUNK, newStore, openRaw, tamper } from "./support/stores.js";

async function keysOf(store, objectStore) {
  const database = await openRaw(store.connection.name);
  const keys = await new Promise((resolve) => {
    const request = database.transaction([objectStore]).objectStore(objectStore).getAllKeys();
    request.onsuccess = () => resolve(request.result);
  });
  database.close();
  return keys;
}

test("bytes are counted by day and in all", async (t) => {
  const { connection } = newStore(t);
  let now = new Date(2026, 10, 22, 23, 59);
  const counters = new CounterStore(connection, () => now);
  assert.deepEqual(await counters.today(), { down: 0, up: 0 });
  await Promise.all([counters.add({ down: 5 }), counters.add({ up: 7 }), counters.add({ down: 1, up: 1 })]);
  assert.deepEqual(await counters.today(), { down: 6, up: 8 });
  now = new Date(2026, 10, 23, 0, 1);
  assert.deepEqual(await counters.today(), { down: 0, up: 0 });
  await counters.add({ up: 2 });
  assert.deepEqual(await counters.today(), { down: 0, up: 2 });
  assert.deepEqual(await counters.total(), { down: 6, up: 10 });
});

test("old days are forgotten, the total is not", async (t) => {
  const store = newStore(t);
  let day = 1;
  const counters = new CounterStore(store.connection, () => new Date(2026, 0, day));
  for (; day <= 60; day += 1) await counters.add({ down: 1 });
  const days = (await keysOf(store, "counters")).filter((key) => key !== "total");
  assert.ok(days.length <= 32, `${days.length} days`);
  assert.equal(days.at(-1), "2026-03-01");
  assert.deepEqual(await counters.total(), { down: 60, up: 0 });
});

test("counters that were tampered with start at 0", async (t) => {
  const store = newStore(t);
  for (const junk of JUNK) {
    await tamper(store, "counters", "total", junk);
    assert.deepEqual(await store.counters.total(), { down: 0, up: 0 });
    await store.counters.add({ down: 1 });
    assert.equal((await store.counters.total()).down, 1);
  }
  await store.counters.add({ down: -5, up: Number.NaN });
  assert.equal((await store.counters.total()).down, 1);
});

test("pages keep their version, the oldest are forgotten", async (t) => {
  const store = newStore(t);
  const { views } = store;
  assert.equal(await views.get("page"), undefined);
  await views.set("page", 7);
  assert.equal(await views.get("page"), 7);
  for (const junk of JUNK) {
    await tamper(store, "views", "page", junk);
    assert.equal(await views.get("page"), undefined);
  }
  for (let at = 0; at < 520; at += 1) await views.set(`page ${String(at).padStart(3, "0")}`, 1);
  assert.ok((await keysOf(store, "views")).length <= 512);
  const day = 86_400_000;
  await tamper(store, "views", "page 518", { version: 1, at: Date.now() - 2 * day });
  await tamper(store, "views", "page 519", { version: 1, at: Date.now() - 2 * day });
  await tamper(store, "views", "page 517", { version: 1, at: "never" });
  await views.dropUnlisted(new Set(["page 519", "no such page"]), day);
  // What can be gone back to is not listed, and keeps its version all the same.
  assert.equal(await views.get("page 516"), 1);
  assert.deepEqual([await views.get("page 517"), await views.get("page 518")], [undefined, undefined]);
  await views.dropUnlisted(new Set(), day);
  assert.equal(await views.get("page 519"), 1, "it was listed a moment ago");
});
