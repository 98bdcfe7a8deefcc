// Golden vectors of paths: in manifests, in requests, and percent-encoded in addresses.

import assert from "node:assert/strict";
import test from "node:test";
import {
  checkFilePath,
  checkRequestPath,
  decodePath,
  encodePath,
} from "../../../crates/app/web/protocol/path.js";
import { cases, codeOf } from "./support/vectors.js";

test("paths of files", () => {
  for (const path of cases("paths.json", "files/good", 25)) {
    assert.equal(checkFilePath(path), path);
    assert.equal(checkRequestPath(path), path, "each file can be asked for");
    assert.equal(decodePath(encodePath(path)), path);
  }
  for (const path of cases("paths.json", "files/bad", 25)) {
    assert.equal(
      codeOf(() => checkFilePath(path)),
      "bad_path",
      JSON.stringify(path),
    );
  }
});

test("paths of requests", () => {
  for (const { path, folder } of cases("paths.json", "requests/good", 8)) {
    assert.equal(checkRequestPath(path), path);
    assert.equal(path === "" || path.endsWith("/"), folder, path);
  }
  for (const path of cases("paths.json", "requests/bad", 10)) {
    assert.equal(
      codeOf(() => checkRequestPath(path)),
      "bad_path",
      JSON.stringify(path),
    );
  }
});

test("encoded paths are decoded once", () => {
  for (const { encoded, decoded } of cases("paths.json", "encoded/good", 15)) {
    assert.equal(decodePath(encoded), decoded);
  }
  for (const encoded of cases("paths.json", "encoded/bad", 30)) {
    assert.equal(
      codeOf(() => decodePath(encoded)),
      "bad_path",
      JSON.stringify(encoded),
    );
  }
});

test("what is no text, or none that UTF-8 can say, is no path", () => {
  for (const other of [undefined, null, 5, ["a"], "a\ud800", "\udc00"]) {
    assert.equal(
      codeOf(() => checkRequestPath(other)),
      "bad_path",
    );
  }
});
