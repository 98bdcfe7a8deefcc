// Golden vectors of crowd:// addresses.

import assert from "node:assert/strict";
import test from "node:test";
import {
  addressText,
  parseAddress,
  parseServer,
  serverText,
} from "../../../crates/app/web/protocol/address.js";
import { cases, codeOf } from "./support/vectors.js";

test("good addresses are read and written again", () => {
  for (const good of cases("addresses.json", "good", 30)) {
    const address = parseAddress(good.text);
    const read = {
      text: good.text,
      server: address.server?.host ?? null,
      port: address.server?.port ?? null,
      project: address.project,
      path: address.path,
      canonical: addressText(address),
    };
    assert.deepEqual(read, good);
    assert.deepEqual({ ...parseAddress(good.canonical), suffix: address.suffix }, address);
  }
});

test("the suffix is what stands from the first ? or # on", () => {
  assert.equal(parseAddress("crowd://p/a.html?x=/../y#z?w").suffix, "?x=/../y#z?w");
  assert.equal(parseAddress("crowd://p#top").suffix, "#top");
  assert.equal(parseAddress("crowd://n.example/p/x").suffix, "");
});

test("bad addresses are refused", () => {
  for (const { text, code } of cases("addresses.json", "bad", 70)) {
    assert.equal(
      codeOf(() => parseAddress(text)),
      code,
      text,
    );
  }
});

test("a server may stand alone", () => {
  const servers = [
    ["[::1]:80", "::1", 80],
    ["n.example", "n.example", null],
    ["[::ffff:7f00:1]", "::ffff:127.0.0.1", null],
  ];
  for (const [text, host, port] of servers) assert.deepEqual(parseServer(text), { host, port });
  assert.equal(serverText({ host: "::1", port: 80 }), "[::1]:80");
  assert.equal(serverText({ host: "n.example", port: null }), "n.example");
});
