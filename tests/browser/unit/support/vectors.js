// Reads the golden vectors of crates/protocol, which the Rust tests read too. A file that lacks cases fails its test.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

const FOLDER = new URL("../../../../crates/protocol/vectors/", import.meta.url);

/**
 * @param {string} file
 * @param {string} pointer keys with slashes between them
 * @param {number} atLeast how many cases are expected
 * @returns {any[]}
 */
export function cases(file, pointer, atLeast) {
  const vectors = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
  assert.ok(vectors.about.length > 20, `${file} says nothing about itself`);
  const found = pointer.split("/").reduce((value, key) => value?.[key], vectors);
  assert.ok(
    Array.isArray(found) && found.length >= atLeast,
    `${file} has fewer than ${atLeast} of ${pointer}`,
  );
  return found;
}

/**
 * The code of the CrowdError that `act` throws; null where it throws none.
 *
 * @param {() => unknown} act
 * @returns {string | null}
 */
export function codeOf(act) {
  try {
    act();
  } catch (error) {
    assert.equal(error?.name, "CrowdError", String(error?.stack));
    return error.code;
  }
  return null;
}

/**
 * Tests a case that is refused; one that a JSON parser hides may be accepted.
 *
 * @param {any} refused
 * @param {string | null} code
 * @param {string} name
 */
export function assertRefused(refused, code, name) {
  if (refused.may_accept === true && code === null) return;
  assert.equal(code, refused.code, name);
}
