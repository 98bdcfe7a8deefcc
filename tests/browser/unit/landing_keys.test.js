// The owner's key as a file: what `crowd keys export` writes, what openssl writes, and what is none.
import assert from "node:assert/strict";
import { test } from "node:test";

import {
  KeyFileError,
  pkcs8OfSeed,
  readKeyPem,
  writeKeyPem,
} from "../../../crates/app/web/landing/key_pem.js";
import { makeOwnerKey, ownerKeyOfPem, pemOfKey } from "../../../crates/app/web/landing/owner_key.js";

// RFC 8032, section 7.1, test 1.
const SEED = bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
const PUBLIC = bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
const OWNER = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const HEAD = bytes("300506032b6570");

/** As ed25519-dalek writes it: version 2, the public key behind the seed. */
const VERSION_2 = der(0x30, [
  ...der(0x02, [1]),
  ...HEAD,
  ...der(0x04, der(0x04, SEED)),
  ...der(0x81, [0, ...PUBLIC]),
]);
const VERSION_1 = der(0x30, [...der(0x02, [0]), ...HEAD, ...der(0x04, der(0x04, SEED))]);

test("a key of the command's is read", async () => {
  const key = await ownerKeyOfPem(pem(VERSION_2));
  assert.equal(key.owner, OWNER);
  assert.deepEqual(readKeyPem(pem(VERSION_2)).publicKey, Uint8Array.from(PUBLIC));
});

test("a key of openssl's is read", async () => {
  const text =
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n" +
    "-----END PRIVATE KEY-----\n";
  assert.equal((await ownerKeyOfPem(text)).owner, OWNER);
  assert.equal((await ownerKeyOfPem(text.replaceAll("\n", "\r\n"))).owner, OWNER);
  assert.equal((await ownerKeyOfPem(`\n${text}\n`)).owner, OWNER);
});

test("what is exported is version 1, and the same key again", async () => {
  const key = await ownerKeyOfPem(pem(VERSION_2));
  const text = await pemOfKey(key.privateKey);
  assert.equal(text, pem(VERSION_1));
  const made = await makeOwnerKey();
  assert.equal((await ownerKeyOfPem(await pemOfKey(made.privateKey))).owner, made.owner);
  assert.match(made.owner, /^[A-Za-z0-9_-]{43}$/);
  assert.deepEqual([...pkcs8OfSeed(Uint8Array.from(SEED))], VERSION_1);
});

test("lines have 64 characters", () => {
  const lines = writeKeyPem(Uint8Array.from(VERSION_2)).trimEnd().split("\n").slice(1, -1);
  assert.ok(lines.slice(0, -1).every((line) => line.length === 64));
});

test("attributes are passed over", () => {
  const withAttributes = [
    ...der(0x02, [1]),
    ...HEAD,
    ...der(0x04, der(0x04, SEED)),
    ...der(0xa0, [1, 2, 3]),
    ...der(0x81, [0, ...PUBLIC]),
  ];
  assert.deepEqual([...readKeyPem(pem(der(0x30, withAttributes))).seed], SEED);
});

test("halves that don't belong together are refused", async () => {
  const other = VERSION_2.with(-1, VERSION_2.at(-1) ^ 1);
  await assert.rejects(ownerKeyOfPem(pem(other)), KeyFileError);
});

test("what is no Ed25519 key is refused, wherever it is cut or changed", () => {
  for (let at = 0; at < VERSION_2.length; at += 1) {
    assert.throws(() => readKeyPem(pem(VERSION_2.slice(0, at))), KeyFileError, `cut at ${at}`);
  }
  // Everything but the seed and the public key says how to read them.
  for (let at = 0; at < 16; at += 1) {
    assert.throws(
      () => readKeyPem(pem(VERSION_2.with(at, VERSION_2[at] ^ 0x40))),
      KeyFileError,
      `changed at ${at}`,
    );
  }
  assert.throws(() => readKeyPem(pem([...VERSION_2, 0])), /behind the key/);
  assert.throws(() => readKeyPem(pem(VERSION_1.with(4, 2))), /version/);
  assert.throws(() => readKeyPem(pem(VERSION_1.with(4, 1))), KeyFileError);
  const x25519 = VERSION_1.with(11, 0x6e);
  assert.throws(() => readKeyPem(pem(x25519)), /not an Ed25519 key/);
});

test("what is no PEM is refused", () => {
  const good = pem(VERSION_1);
  for (const text of [
    "",
    "hello",
    good.replace("BEGIN PRIVATE", "BEGIN PUBLIC"),
    good.replace("-----END PRIVATE KEY-----", ""),
    good.replace("MC4C", "MC4*"),
    good.replace("MC4C", "MC4"),
    "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----",
    `${good}x`,
    "-".repeat(5000),
  ]) {
    assert.throws(() => readKeyPem(text), KeyFileError, text.slice(0, 40));
  }
  assert.throws(() => readKeyPem("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n"), /passphrase/);
});

function bytes(hex) {
  return hex.match(/../g).map((pair) => Number.parseInt(pair, 16));
}

function der(tag, content) {
  return [tag, content.length, ...content];
}

function pem(content) {
  const base64 = Buffer.from(content).toString("base64");
  const lines = base64.match(/.{1,64}/g) ?? [""];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join("\n")}\n-----END PRIVATE KEY-----\n`;
}
