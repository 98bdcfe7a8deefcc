// Golden vectors of bit fields, the `have` of a host.

import assert from "node:assert/strict";
import test from "node:test";
import { Bits } from "../../../crates/app/web/protocol/bits.js";
import { toHex } from "../../../crates/app/web/protocol/hex.js";
import { cases, codeOf } from "./support/vectors.js";

const setIn = (bits) => [...Array(bits.size).keys()].filter((chunk) => bits.has(chunk));

test("good fields have what is set", () => {
  for (const { have, hex, chunks, set } of cases("bitfields.json", "good", 13)) {
    const bits = Bits.parse(have, chunks);
    assert.deepEqual(setIn(bits), set);
    assert.equal(bits.count, set.length);
    assert.equal(bits.toHave(), set.length === chunks ? "all" : have);

    const made = Bits.none(chunks);
    for (const chunk of set) assert.equal(made.set(chunk), true, "each is set for the first time");
    for (const chunk of set) assert.equal(made.set(chunk), false, "none is set a second time");
    assert.equal(toHex(made.bytes), hex);
    assert.equal(made.count, set.length);
  }
});

test("a field fits its chunks exactly", () => {
  for (const { have, chunks, fits } of cases("bitfields.json", "fits", 10)) {
    assert.equal(
      codeOf(() => Bits.parse(have, chunks)),
      fits ? null : "bad_message",
    );
  }
});

test("bad fields are refused", () => {
  for (const { have, code } of cases("bitfields.json", "bad", 15)) {
    assert.equal(
      codeOf(() => Bits.parse(have, 8)),
      code,
      have.slice(0, 40),
    );
  }
});

test("all is every chunk, and numbers past the end are not there", () => {
  const all = Bits.parse("all", 11);
  assert.equal(all.full, true);
  assert.deepEqual(setIn(all), [...Array(11).keys()]);
  assert.equal(all.toHave(), "all");
  for (const past of [-1, 11, 15, 16, 0.5, Number.NaN, 2 ** 40]) {
    assert.equal(all.has(past) || all.set(past), false, String(past));
  }
  // Bits past the end, which the last byte has room for, count for nothing.
  assert.equal(Bits.parse("_w", 3).count, 3);
});
