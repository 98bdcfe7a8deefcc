// Golden vectors of project names.

import assert from "node:assert/strict";
import test from "node:test";
import { isProjectName } from "../../../crates/app/web/protocol/name.js";
import { cases } from "./support/vectors.js";

test("good names are names", () => {
  for (const name of cases("names.json", "good", 17)) assert.equal(isProjectName(name), true, name);
});

test("bad names are none", () => {
  for (const name of cases("names.json", "bad", 27))
    assert.equal(isProjectName(name), false, JSON.stringify(name));
  for (const other of [undefined, null, 5, {}, ["a"]]) assert.equal(isProjectName(other), false);
});
