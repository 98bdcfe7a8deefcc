// Golden vectors of messages: what a peer writes, exactly, and how it takes what a node says.

import assert from "node:assert/strict";
import test from "node:test";
import { encodeText } from "../../../crates/app/web/protocol/frame.js";
import { decodeFrame } from "../../../crates/app/web/protocol/frame.js";
import { fromHex, toHex } from "../../../crates/app/web/protocol/hex.js";
import {
  encodeError,
  encodeHave,
  encodeHost,
  encodePing,
  encodePublish,
  encodeRequest,
  encodeResolve,
  encodeResponse,
  encodeUnhost,
  encodeWatch,
} from "../../../crates/app/web/protocol/message.js";
import { parseNodeMessage } from "../../../crates/app/web/protocol/node_message.js";
import { cases, codeOf } from "./support/vectors.js";

const ENCODERS = {
  publish: encodePublish,
  resolve: encodeResolve,
  host: encodeHost,
  have: encodeHave,
  unhost: encodeUnhost,
  request: encodeRequest,
  watch: encodeWatch,
  ping: encodePing,
  error: encodeError,
};

const of = (direction, list) => list.filter((message) => message.direction === direction);

function frameOf({ text, binary, pad_to, zeros }) {
  if (text !== undefined) return text.padEnd(pad_to ?? 0, " ");
  const bytes = fromHex(binary);
  const padded = new Uint8Array(bytes.length + (zeros ?? 0));
  padded.set(bytes);
  return padded.buffer;
}

function parse(message) {
  const { head, body } = decodeFrame(frameOf(message));
  return parseNodeMessage(head, body);
}

/** What was read, as the wire has it: without what is absent, with what a response says of its file beside the rest. */
function asOnWire({ file, body, ...fields }) {
  const present = Object.entries({ ...fields, ...file }).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  return { fields: Object.fromEntries(present), body: body === undefined ? undefined : toHex(body) };
}

test("a peer writes the frames of the vectors", () => {
  const types = new Set();
  for (const { name, fields, body, text, binary } of of("peer", cases("messages.json", "good", 50))) {
    types.add(fields.t);
    if (fields.t === "response") assert.equal(toHex(encodeResponse(fields, fromHex(body))), binary, name);
    else assert.equal(ENCODERS[fields.t](fields), text, name);
  }
  assert.equal(
    [...types].sort().join(" "),
    "error have host ping publish request resolve response unhost watch",
  );
});

test("what a node says is read as the vectors say", () => {
  const types = new Set();
  for (const good of of("node", cases("messages.json", "good", 50))) {
    types.add(good.fields.t);
    assert.deepEqual(asOnWire(parse(good)), { fields: good.fields, body: good.body }, good.name);
  }
  assert.equal([...types].sort().join(" "), "error goaway ok release request response updated welcome");
});

test("later fields and other spellings are tolerated", () => {
  const tolerated = of("node", cases("messages.json", "tolerated", 20));
  assert.ok(tolerated.length >= 4);
  for (const message of tolerated) {
    const expected = decodeFrame(frameOf(message.reads_as));
    const body = expected.body === null ? undefined : toHex(expected.body);
    assert.deepEqual(asOnWire(parse(message)), { fields: expected.head, body }, message.name);
  }
});

test("bad messages of a node are refused as they deserve", () => {
  const bad = of("node", cases("messages.json", "bad", 250));
  assert.ok(bad.length >= 90, `${bad.length} messages`);
  for (const message of bad) {
    let error = null;
    try {
      parse(message);
    } catch (thrown) {
      error = thrown;
    }
    // A twice-named field reads as an unknown type here, where a node has no ping.
    if (message.may_accept) continue;
    assert.equal(error?.name, "CrowdError", message.name);
    assert.equal(error.code, message.code, message.name);
    assert.equal(error.malformed, message.malformed, message.name);
    assert.equal(error.id, message.id, message.name);
  }
});

test("the limits of frames hold for what is written", () => {
  const most = JSON.stringify({ x: "" }).length;
  assert.equal(encodeText({ x: "a".repeat(65_536 - most) }).length, 65_536);
  assert.equal(
    codeOf(() => encodeText({ x: "a".repeat(65_537 - most) })),
    "too_large",
  );
  assert.equal(
    codeOf(() => encodeText({ x: "\u20ac".repeat(22_000) })),
    "too_large",
  );
  const response = { id: 1, sha256: "0".repeat(64) };
  assert.ok(encodeResponse(response, new Uint8Array(1_048_576)).length > 1_048_576);
  assert.equal(
    codeOf(() => encodeResponse(response, new Uint8Array(1_048_577))),
    "too_large",
  );
});

test("a node's text that no UTF-8 can say is no message", () => {
  const lone = '{"t":"welcome","peer":"\\ud800","node":"n","cluster":"c","nodes":[],"heartbeat_s":30}';
  assert.equal(
    codeOf(() => parse({ text: lone })),
    "bad_message",
  );
});
