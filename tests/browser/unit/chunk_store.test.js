// Chunks in the store: verified both ways, counted, within their budget.

import assert from "node:assert/strict";
import test from "node:test";
import { sha256 } from "../../../crates/app/web/protocol/hash.js";
import { JUNK, newStore, peek, tamper } from "./support/stores.js";

const MEBIBYTE = 1_048_576;

async function chunkOf(text, length = text.length) {
  const bytes = new TextEncoder().encode(text.padEnd(length, "."));
  return { bytes, hash: await sha256(bytes) };
}

test("what is put can be got, and is counted once", async (t) => {
  const { chunks } = newStore(t);
  const [one, other] = [await chunkOf("one"), await chunkOf("other")];
  assert.equal(await chunks.size(), 0);
  assert.equal(await chunks.get(one.hash), null);
  await chunks.put(one.hash, one.bytes);
  await chunks.put(other.hash, other.bytes);
  await chunks.put(one.hash, one.bytes);
  assert.deepEqual(await chunks.get(one.hash), one.bytes);
  assert.equal(await chunks.size(), 8);
  assert.deepEqual(await chunks.hasAll([other.hash, "0".repeat(64), one.hash, "no hash"]), [
    true,
    false,
    true,
    false,
  ]);
  assert.equal(await chunks.sizeOf(new Set([other.hash, "0".repeat(64)])), 5);
  await chunks.delete([one.hash, "0".repeat(64)]);
  assert.equal(await chunks.size(), 5);
  assert.equal(await chunks.get(one.hash), null);
});

test("many hashes are looked up at once", async (t) => {
  const { chunks } = newStore(t);
  const made = await Promise.all([...Array(100).keys()].map((at) => chunkOf(`chunk ${at}`)));
  for (const { hash, bytes } of made.filter((_, at) => at % 3 === 0)) await chunks.put(hash, bytes);
  const here = await chunks.hasAll(made.map(({ hash }) => hash));
  assert.deepEqual(
    here,
    made.map((_, at) => at % 3 === 0),
  );
});

test("only the right bytes are kept", async (t) => {
  const { chunks } = newStore(t);
  const { hash, bytes } = await chunkOf("right");
  await assert.rejects(chunks.put(hash, bytes.slice(1)), { name: "CrowdError", code: "wrong_bytes" });
  await assert.rejects(chunks.put(hash, new Uint8Array(MEBIBYTE + 1)), { code: "too_large" });
  assert.equal(await chunks.size(), 0);
});

test("a view of a larger buffer is stored alone", async (t) => {
  const store = newStore(t);
  const { hash, bytes } = await chunkOf("part");
  const large = new Uint8Array(MEBIBYTE);
  large.set(bytes, 100);
  await store.chunks.put(hash, large.subarray(100, 104));
  assert.equal((await peek(store, "chunks", hash)).bytes.buffer.byteLength, 4);
});

test("a chunk that was tampered with is missing, and gone", async (t) => {
  const store = newStore(t);
  const { hash, bytes } = await chunkOf("true");
  for (const junk of [{ bytes: new TextEncoder().encode("lies"), size: 4, at: 0 }, ...JUNK]) {
    await store.chunks.put(hash, bytes);
    await tamper(store, "chunks", hash, junk);
    assert.equal(await store.chunks.get(hash), null);
    assert.deepEqual(await store.chunks.hasAll([hash]), [false]);
  }
  await store.chunks.put(hash, bytes);
  assert.deepEqual(await store.chunks.get(hash), bytes);
});

test("a count that was tampered with is made anew", async (t) => {
  const store = newStore(t);
  const { hash, bytes } = await chunkOf("twelve bytes");
  await store.chunks.put(hash, bytes);
  for (const junk of JUNK.filter((value) => value !== 0)) {
    await tamper(store, "counters", "stored", junk);
    assert.equal(await store.chunks.size(), 12);
  }
});

test("what the counter says in excess takes nobody's room", async (t) => {
  const store = newStore(t);
  const { hash, bytes } = await chunkOf("small");
  await store.chunks.put(hash, bytes);
  await tamper(store, "counters", "stored", 2 ** 50);
  const other = await chunkOf("another");
  await store.chunks.put(other.hash, other.bytes);
  assert.equal(await store.chunks.size(), 12);
});

test("over its budget the store is full", async (t) => {
  const store = newStore(t);
  await store.settings.set("storageBytes", 3_000);
  const made = await Promise.all(["a", "b", "c", "d"].map((text) => chunkOf(text, 1_000)));
  for (const { hash, bytes } of made.slice(0, 3)) await store.chunks.put(hash, bytes);
  await assert.rejects(store.chunks.put(made[3].hash, made[3].bytes), { name: "CrowdError", code: "full" });
  assert.equal(await store.chunks.size(), 3_000);
  // What is there already needs no room.
  await store.chunks.put(made[0].hash, made[0].bytes);
});

test("what the browser has no room for is full too", async (t) => {
  const store = newStore(t);
  const { hash, bytes } = await chunkOf("too much");
  const put = IDBObjectStore.prototype.put;
  t.after(() => {
    IDBObjectStore.prototype.put = put;
  });
  IDBObjectStore.prototype.put = function (value, key) {
    if (this.name === "chunks") throw new DOMException("no", "QuotaExceededError");
    return put.call(this, value, key);
  };
  await assert.rejects(store.chunks.put(hash, bytes), { name: "CrowdError", code: "full" });
  IDBObjectStore.prototype.put = put;
  assert.equal(await store.chunks.size(), 0);
  await store.chunks.put(hash, bytes);
  assert.equal(await store.chunks.size(), 8);
});

test("puts at the same time are all counted", async (t) => {
  const { chunks } = newStore(t);
  const made = await Promise.all([...Array(40).keys()].map((at) => chunkOf(`chunk ${at}`, 100)));
  await Promise.all([...made, ...made].map(({ hash, bytes }) => chunks.put(hash, bytes)));
  assert.equal(await chunks.size(), 4_000);
});
