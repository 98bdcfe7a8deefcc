// Cutting and hashing: the same chunks as any other peer makes, each stored once, and nothing after a stop.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";

import { Cutter } from "../../../crates/app/web/landing/cutter.js";
import { mediaType } from "../../../crates/app/web/landing/media_type.js";

test("files become chunks, their last one shorter, an empty one none", async () => {
  const { cutter, shelf } = start({ chunkSize: 65_536 });
  const content = randomBytes(65_536 * 70 + 5);
  const files = await cutter.cut([file("a", content), file("b", content), file("empty", "")]);
  assert.equal(files[0].chunks.length, 71);
  assert.equal(files[0].chunks[0], sha256(content.subarray(0, 65_536)));
  assert.equal(files[0].chunks[70], sha256(content.subarray(65_536 * 70)));
  assert.deepEqual(files[1].chunks, files[0].chunks);
  assert.deepEqual(files[2], { path: "empty", size: 0, chunks: [], utf8: true });
  assert.equal(shelf.puts, 71);
});

test("text that is not UTF-8 is told, and published without a charset", async () => {
  const { cutter } = start({ chunkSize: 262_144 });
  // A character that lies across two blocks.
  const across = Buffer.concat([Buffer.alloc((4 << 20) - 1, "a"), Buffer.from("é")]);
  const files = await cutter.cut([
    file("latin.html", Buffer.from("<meta charset=iso-8859-1>caf\xe9 ", "latin1")),
    file("cut.txt", Buffer.from("é").subarray(0, 1)),
    file("across.txt", across),
    file("photo.png", Buffer.from([0x89, 0xff])),
  ]);
  assert.deepEqual(
    files.map(({ path, utf8 }) => mediaType(path, utf8)),
    ["text/html", "text/plain", "text/plain; charset=utf-8", "image/png"],
  );
});

test("what is stored already is left as it is, and not counted as added", async () => {
  const { cutter, shelf } = start({ chunkSize: 1024 });
  const [known, fresh] = [randomBytes(1024), randomBytes(1024)];
  shelf.chunks.set(sha256(known), known);
  await cutter.cut([file("a", Buffer.concat([known, fresh, fresh]))]);
  assert.deepEqual([...cutter.added], [sha256(fresh)]);
  assert.equal(shelf.puts, 1);
});

test("progress grows to the whole", async () => {
  const told = [];
  const { cutter } = start({ chunkSize: 65_536, onProgress: (now) => told.push(now) });
  const size = 5 << 20;
  await cutter.cut([file("a", randomBytes(size)), file("b", randomBytes(size))]);
  assert.deepEqual(told.at(-1), { bytes: 2 * size, files: 2, path: "b" });
  assert.ok(told.length >= 4 && told.length < 20);
  assert.ok(told.every((now, at) => at === 0 || now.bytes >= told[at - 1].bytes));
});

test("a stop stops it", async () => {
  const stopping = new AbortController();
  const { cutter, shelf } = start({
    chunkSize: 65_536,
    signal: stopping.signal,
    onProgress: () => stopping.abort(),
  });
  await assert.rejects(cutter.cut([file("a", randomBytes(12 << 20))]), { name: "AbortError" });
  assert.ok(shelf.puts < 150);
});

test("a file that changed under it is an error that names it", async () => {
  const { cutter } = start({ chunkSize: 1024 });
  const gone = { path: "gone.txt", blob: { size: 10, slice: () => new Blob(["short"]) } };
  await assert.rejects(cutter.cut([gone]), /gone\.txt was changed/);
  const unreadable = {
    path: "away.txt",
    blob: { size: 1, slice: () => ({ arrayBuffer: () => Promise.reject() }) },
  };
  await assert.rejects(cutter.cut([unreadable]), /away\.txt can’t be read/);
});

function start({ chunkSize, onProgress = () => {}, signal = new AbortController().signal }) {
  const shelf = {
    chunks: new Map(),
    puts: 0,
    has: async (hashes) => hashes.map((hash) => shelf.chunks.has(hash)),
    put: async (hash, bytes) => {
      shelf.puts += 1;
      shelf.chunks.set(hash, bytes);
    },
  };
  return { shelf, cutter: new Cutter({ shelf, chunkSize, onProgress, signal }) };
}

function file(path, content) {
  return { path, blob: new Blob([content]) };
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}
