// Golden vectors of manifests, and the limits that are too large for a vector.

import assert from "node:assert/strict";
import test from "node:test";
import { sha256 } from "../../../crates/app/web/protocol/hash.js";
import { buildManifest, parseManifest } from "../../../crates/app/web/protocol/manifest.js";
import { assertRefused, cases, codeOf } from "./support/vectors.js";

const utf8 = (text) => new TextEncoder().encode(text);
const bytesOf = ({ json, pad_to }) => utf8(json.padEnd(pad_to ?? 0, " "));
const read = (given) => parseManifest(bytesOf(given), given.project);

test("good manifests say what their vectors say", async () => {
  for (const good of cases("manifests.json", "good", 10)) {
    const manifest = read(good);
    assert.equal(await sha256(utf8(good.json)), good.sha256, good.name);
    assert.equal(manifest.project, good.project);
    assert.equal(manifest.chunkSize, good.chunk_size);
    assert.equal(manifest.chunkCount, good.chunk_count);
    assert.equal(manifest.hashes().length, good.chunk_count);
    assert.deepEqual(
      manifest.files.map(({ path }) => path),
      good.files,
    );
    for (const file of manifest.files) {
      const lengths = file.chunks.map((_, at) => manifest.lengthOf(file, at));
      assert.equal(
        lengths.reduce((sum, length) => sum + length, 0),
        file.size,
      );
      assert.equal(manifest.lengthOf(file, file.chunks.length), 0);
      assert.deepEqual(
        manifest.hashes().slice(file.firstChunk, file.firstChunk + file.chunks.length),
        file.chunks,
      );
    }
    const again = new TextDecoder().decode(
      buildManifest({ ...manifest, files: manifest.files.toReversed() }),
    );
    assert.equal(again, good.canonical ?? good.json, good.name);
  }
});

test("paths come to files", () => {
  let asked = 0;
  for (const good of cases("manifests.json", "good", 10)) {
    const manifest = read(good);
    for (const { path, file, status, folder } of good.resolve) {
      const found = manifest.find(path);
      const came = [found?.file.path ?? null, found?.status ?? null, found?.redirect ?? false];
      assert.deepEqual(came, [file, status, folder], `${good.name}: ${path}`);
      asked += 1;
    }
  }
  assert.ok(asked >= 30, `${asked} paths`);
});

test("hashes are found under all their numbers", () => {
  let asked = 0;
  for (const good of cases("manifests.json", "good", 10)) {
    const manifest = read(good);
    for (const { sha256: hash, numbers } of good.numbers) {
      assert.deepEqual(manifest.numbersOf(hash), numbers, good.name);
      asked += 1;
    }
  }
  assert.ok(asked >= 10, `${asked} hashes`);
});

test("building from the contents makes the same bytes", async () => {
  let built = 0;
  for (const { name, project, json, contents, types } of cases("manifests.json", "good", 10)) {
    if (contents === undefined) continue;
    const told = JSON.parse(json);
    const files = [];
    for (const [path, content] of Object.entries(contents)) {
      const bytes = utf8(content);
      const chunks = [];
      for (let at = 0; at < bytes.length; at += told.chunk_size) {
        chunks.push(await sha256(bytes.slice(at, at + told.chunk_size)));
      }
      files.push({ path, type: types[path], size: bytes.length, chunks });
    }
    const { chunk_size: chunkSize, index, not_found: notFound, spa } = told;
    const bytes = buildManifest({ project, chunkSize, index, notFound, spa, files });
    assert.equal(new TextDecoder().decode(bytes), json, name);
    built += 1;
  }
  assert.ok(built >= 6, `${built} built`);
});

test("bad manifests are refused", () => {
  for (const bad of cases("manifests.json", "bad", 90)) {
    assertRefused(
      bad,
      codeOf(() => read(bad)),
      bad.name,
    );
  }
});

test("bytes that are not UTF-8 are no manifest even where nobody reads", () => {
  const bytes = utf8('{"crowd":1,"project":"p","chunk_size":1024,"index":"i","files":[],"later":"X"}');
  assert.equal(parseManifest(bytes, "p").chunkCount, 0);
  bytes[bytes.indexOf(0x58)] = 0xff;
  assert.equal(
    codeOf(() => parseManifest(bytes, "p")),
    "bad_manifest",
  );
});

test("as many chunks as fit and not one more", () => {
  const build = (count) => {
    const chunks = Array(count).fill("a".repeat(64));
    const file = { path: "a", type: "", size: count * 1024, chunks };
    return buildManifest({ project: "p", chunkSize: 1024, index: "i", files: [file] });
  };
  const full = parseManifest(build(15_000), "p");
  assert.equal(full.numbersOf("a".repeat(64)).length, 15_000);
  assert.equal(
    codeOf(() => build(15_001)),
    "too_large",
  );
});

test("paths of many segments, and many files, are checked in little time", () => {
  const file = (path) => ({ path, type: "", size: 0, chunks: [] });
  const deep = [...Array(900).keys()].map((at) => file(`${String(at).padStart(3, "0")}${"/x".repeat(500)}`));
  const many = [...Array(20_000).keys()].map((at) => file(String(at)));
  const started = performance.now();
  for (const files of [deep, many]) {
    const bytes = buildManifest({ project: "p", chunkSize: 1024, index: "i", files });
    assert.equal(parseManifest(bytes, "p").files.length, files.length);
  }
  assert.ok(performance.now() - started < 5_000);
});
