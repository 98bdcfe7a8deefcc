// Golden vectors of traceparents.

import assert from "node:assert/strict";
import test from "node:test";
import { newTraceparent, parseTraceparent } from "../../../crates/app/web/protocol/traceparent.js";
import { cases } from "./support/vectors.js";

test("good ones are read and passed on", () => {
  for (const good of cases("traceparent.json", "good", 8)) {
    const read = parseTraceparent(good.text);
    assert.deepEqual(
      [read.traceId, read.spanId, read.flags, read.header],
      [good.trace_id, good.span_id, good.flags, good.canonical],
    );
    assert.equal((read.flags & 1) === 1, good.sampled);
  }
});

test("bad ones are none", () => {
  for (const text of cases("traceparent.json", "bad", 25)) assert.equal(parseTraceparent(text), null, text);
  assert.equal(parseTraceparent(undefined), null);
});

test("new ones are good, and each another", () => {
  const made = Array.from({ length: 50 }, newTraceparent);
  for (const one of made) assert.deepEqual(parseTraceparent(one.header), one);
  assert.equal(new Set(made.map(({ traceId }) => traceId)).size, made.length);
});
