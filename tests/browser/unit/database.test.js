// The database under the store: made anew where it is of another layout, let go when somebody deletes it.

import assert from "node:assert/strict";
import test from "node:test";
import { StoreConnection } from "../../../crates/app/web/store/connection.js";
import { deleteStore, openStore, Store } from "../../../crates/app/web/store/database.js";
import { deleteDatabase } from "../../../crates/app/web/store/layout.js";
import { newStore, openRaw, tamper } from "./support/stores.js";

test("a deleted store is empty and works again", async (t) => {
  const store = newStore(t);
  const other = openStore(store.connection.name);
  await store.settings.set("hosting", "off");
  assert.equal(await other.settings.get("hosting"), "off");
  await deleteStore(store.connection.name);
  assert.equal(await store.settings.get("hosting"), undefined);
  await store.settings.set("hosting", "on");
  assert.equal(await other.settings.get("hosting"), "on");
  other.close();
});

test("a closed store opens again", async (t) => {
  const store = newStore(t);
  await store.settings.set("badge", "hidden");
  store.close();
  assert.equal(await store.settings.get("badge"), "hidden");
  const reading = store.settings.get("badge");
  store.close();
  assert.equal(await reading, "hidden");
});

const FOREIGN_LAYOUTS = {
  "without object stores": [1, () => {}],
  "of a later version": [99, (database) => database.createObjectStore("chunks")],
  "with stores that choose their keys": [
    1,
    (database) => {
      for (const name of ["chunks", "sites", "releases", "views", "settings", "counters"]) {
        database.createObjectStore(name, { keyPath: "id", autoIncrement: true });
      }
    },
  ],
  "without the index of sizes": [
    1,
    (database) => {
      for (const name of ["chunks", "sites", "releases", "views", "settings", "counters"]) {
        database.createObjectStore(name);
      }
    },
  ],
};

for (const [name, [version, upgrade]] of Object.entries(FOREIGN_LAYOUTS)) {
  test(`a database ${name} is made anew`, async (t) => {
    const store = newStore(t);
    (await openRaw(store.connection.name, version, upgrade)).close();
    await store.settings.set("keepAll", true);
    assert.equal(await store.settings.get("keepAll"), true);
    assert.equal(await store.chunks.size(), 0);
  });
}

test("who holds the database against its deletion is told from an endless wait", async (t) => {
  const name = "crowd-held";
  const held = await openRaw(name, 99, () => {});
  const store = new Store(new StoreConnection(name, 20));
  await assert.rejects(store.settings.get("badge"), { name: "CrowdError", code: "timeout" });
  await assert.rejects(deleteDatabase(name, 20), { name: "CrowdError", code: "timeout" });
  held.close();
  await store.settings.set("badge", "shown");
  assert.equal(await store.settings.get("badge"), "shown");
  t.after(async () => {
    store.close();
    await deleteStore(name);
  });
});

test("without IndexedDB everything says so", async () => {
  const kept = globalThis.indexedDB;
  try {
    Object.defineProperty(globalThis, "indexedDB", { value: undefined, configurable: true, writable: true });
    await assert.rejects(openStore("crowd-none").settings.get("badge"), { code: "unsupported" });
  } finally {
    Object.defineProperty(globalThis, "indexedDB", { value: kept, configurable: true, writable: true });
  }
});

test("where the work of a transaction fails, nothing of it is kept", async (t) => {
  const { connection, settings } = newStore(t);
  const failing = connection.run(["settings"], "readwrite", async (transaction) => {
    transaction.objectStore("settings").put("on", "hosting");
    throw new RangeError("on purpose");
  });
  await assert.rejects(failing, { name: "CrowdError", code: "internal" });
  assert.equal(await settings.get("hosting"), undefined);
});

test("settings have defaults, and shapes that are checked", async (t) => {
  const store = newStore(t);
  const { settings } = store;
  assert.equal(await settings.get("uploadPerDay"), 536_870_912);
  assert.equal(await settings.get("storageBytes"), 536_870_912);
  assert.equal(await settings.get("storageBytes", 5), 5);
  assert.equal(await settings.get("hosting"), undefined);
  assert.equal(await settings.get("config", null), null);
  const config = { hosting: "notice", domain: null, node: "n", servers: ["a:1"], upload_bytes_per_day: 9 };
  await settings.set("config", config);
  assert.deepEqual(await settings.get("config"), config);
  await settings.set("uploadPerDay", 0);
  assert.equal(await settings.get("uploadPerDay"), 0);
  await settings.set("uploadPerDay", undefined);
  assert.equal(await settings.get("uploadPerDay"), 536_870_912);
  await assert.rejects(settings.set("hosting", "maybe"), { name: "CrowdError" });
  for (const [name, junk] of [
    ["hosting", "maybe"],
    ["storageBytes", -1],
    ["storageBytes", "9"],
    ["config", { hosting: "notice" }],
    ["nodes", [1]],
    ["nodes", Array(100).fill("x")],
  ]) {
    await tamper(store, "settings", name, junk);
    assert.equal(await settings.get(name, "fallback"), "fallback");
  }
});
