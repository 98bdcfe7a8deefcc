// What of a folder is published and as what, before anything is hashed.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Draft } from "../../../crates/app/web/landing/draft.js";
import { draftOfFiles, FolderError } from "../../../crates/app/web/landing/folder_entries.js";
import { nameOfFolder, pathProblem, reasonToLeaveOut } from "../../../crates/app/web/landing/folder_rules.js";
import { isTextFile, mediaType } from "../../../crates/app/web/landing/media_type.js";
import { samplePageAs } from "../../../crates/app/web/landing/sample_source.js";
import { chunksOf, fittingChunkSize, problemsOfSite } from "../../../crates/app/web/landing/site_rules.js";

test("text has a charset and nothing else does", () => {
  for (const [path, type] of [
    ["index.html", "text/html; charset=utf-8"],
    ["a/site.JS", "text/javascript; charset=utf-8"],
    ["a.mjs", "text/javascript; charset=utf-8"],
    ["data.json", "application/json; charset=utf-8"],
    ["x.svg", "image/svg+xml; charset=utf-8"],
    ["x.webmanifest", "application/manifest+json; charset=utf-8"],
    ["x.xml", "text/xml; charset=utf-8"],
    ["x.png", "image/png"],
    ["x.wasm", "application/wasm"],
    ["x.woff2", "font/woff2"],
    ["LICENSE", "application/octet-stream"],
    [".nojekyll", "application/octet-stream"],
    ["a.b/c", "application/octet-stream"],
  ]) {
    assert.equal(mediaType(path), type, path);
  }
  assert.ok(isTextFile("a/style.css") && isTextFile("x.svg"));
  assert.ok(!isTextFile("x.png") && !isTextFile("LICENSE"));
});

test("what is private, history or an editor's leaving stays at home", () => {
  for (const [path, what] of [
    [".git/config", ".git"],
    ["a/.git/HEAD", "a/.git"],
    [".env", ".env"],
    [".env.local", ".env.local"],
    ["deep/.ssh/id", "deep/.ssh"],
    [".DS_Store", ".DS_Store"],
    [".index.html.swp", ".index.html.swp"],
    [".#index.html", ".#index.html"],
    [".crowd-part-1", ".crowd-part-1"],
    ["crowd.toml", "crowd.toml"],
    [".crowd/x", ".crowd"],
  ]) {
    assert.equal(reasonToLeaveOut(path)?.path, what, path);
  }
  for (const path of [
    "index.html",
    ".well-known/x",
    ".nojekyll",
    ".buildinfo",
    "a/crowd.toml",
    "environment",
  ]) {
    assert.equal(reasonToLeaveOut(path), null, path);
  }
});

test("paths that no site can have are left out or refused", () => {
  for (const path of ["a\\b", "a//b", "../x", "./x", "", "/x", "a/", "\u0001", "é".repeat(513), ".crowd/x"]) {
    assert.ok(pathProblem(path), JSON.stringify(path));
  }
  assert.equal(pathProblem("Ünïcode/ok (1).html"), null);
});

test("a folder's name becomes a project's", () => {
  for (const [folder, name] of [
    ["My Web_Site!", "my-web-site"],
    ["--a--b--", "a-b"],
    ["é", ""],
    ["v1.2", "v1-2"],
    ["x".repeat(80), "x".repeat(63)],
  ]) {
    assert.equal(nameOfFolder(folder), name);
  }
});

test("a site has a front page, not too many chunks, and no file that is a folder", () => {
  const index = { path: "index.html", size: 10 };
  assert.deepEqual(problemsOfSite([index]), []);
  assert.match(problemsOfSite([]).join(), /no file/);
  assert.match(problemsOfSite([{ path: "a/index.html", size: 1 }]).join(), /no index\.html/);
  assert.match(
    problemsOfSite([index, { path: "a", size: 1 }, { path: "a/b", size: 1 }]).join(),
    /both a file and/,
  );
  assert.match(problemsOfSite([index, { path: "film.mp4", size: 4e9 }]).join(), /film\.mp4 is too large/);
  const halves = [index, { path: "a", size: 2e9 }, { path: "b", size: 2e9 }];
  assert.match(problemsOfSite(halves).join(), /15,261 chunks, and a site has at most 15,000/);
});

test("chunks grow only where there would be too many", () => {
  assert.equal(fittingChunkSize([{ path: "a", size: 9e8 }]), 65_536);
  assert.equal(fittingChunkSize([{ path: "a", size: 15_000 * 65_536 + 1 }]), 131_072);
  assert.equal(fittingChunkSize([{ path: "a", size: 1e12 }]), 262_144);
  assert.equal(
    chunksOf(
      [
        { path: "a", size: 0 },
        { path: "b", size: 65_537 },
      ],
      65_536,
    ),
    2,
  );
});

test("a chosen folder becomes a draft without its own name", () => {
  const file = (path, text) =>
    Object.assign(new Blob([text]), { webkitRelativePath: path, name: path.split("/").at(-1) });
  const draft = draftOfFiles([
    file("site/index.html", "<p>"),
    file("site/.git/a", "x"),
    file("site/.git/b", "x"),
  ]);
  assert.equal(draft.title, "site");
  assert.deepEqual(draft.paths(), ["index.html"]);
  assert.deepEqual(
    draft.leftOut.map(({ path }) => path),
    [".git"],
  );
  assert.throws(() => draftOfFiles({ length: 20_001, 0: file("a/b", "") }), FolderError);
});

test("a draft is edited, and named when it is published", async () => {
  const draft = new Draft("", (_, text, name) => samplePageAs(text, name, "node.example:7000"));
  draft.add("index.html", new Blob(["crowd://hello/a crowd://localhost:7000/hello/b"]));
  draft.add("b.css", new Blob(["crowd://hello/"]));
  draft.write("c.html", "x");
  draft.move("c.html", "d.html");
  draft.move("b.css", "b.css");
  draft.write("e.txt", "gone");
  draft.remove("e.txt");
  assert.deepEqual(draft.paths(), ["b.css", "d.html", "index.html"]);
  assert.equal(draft.count, 3);
  const files = new Map((await draft.published("$&")).map(({ path, blob }) => [path, blob]));
  assert.equal(await files.get("index.html").text(), "crowd://$&/a crowd://node.example:7000/$&/b");
  assert.equal(await files.get("b.css").text(), "crowd://hello/");
});
