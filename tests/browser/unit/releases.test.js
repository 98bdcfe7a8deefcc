// Golden vectors of releases: what is signed, what verifies, and what is refused at which step.

import assert from "node:assert/strict";
import test from "node:test";
import { fromBase64url } from "../../../crates/app/web/protocol/base64url.js";
import { canVerify, verifyStrict } from "../../../crates/app/web/protocol/ed25519.js";
import { fromHex, toHex } from "../../../crates/app/web/protocol/hex.js";
import {
  parseRelease,
  releaseText,
  signRelease,
  verifyRelease,
} from "../../../crates/app/web/protocol/release.js";
import { assertRefused, cases, codeOf } from "./support/vectors.js";
import { keyOfSeed } from "./support/keys.js";

test("good releases are signed and verified", async () => {
  for (const good of cases("releases.json", "good", 4)) {
    const release = parseRelease(good.json);
    assert.deepEqual(release, parseRelease(JSON.parse(good.json)));
    assert.ok(Object.isFrozen(release));
    await verifyRelease(release);
    assert.equal(releaseText(release), good.signed);
    assert.equal(toHex(fromBase64url(release.owner)), good.owner_hex);

    const { project, version, manifest, created } = good.fields;
    const key = await keyOfSeed(good.seed);
    const owner = fromHex(good.owner_hex);
    const signed = await signRelease(key, owner, { project, version, manifest, created });
    assert.equal(JSON.stringify(signed), good.canonical ?? good.json);
  }
});

test("bad releases are refused at their step", async () => {
  let verified = 0;
  for (const bad of cases("releases.json", "bad", 100)) {
    let release;
    const code = codeOf(() => {
      release = parseRelease(bad.json);
    });
    if (bad.stage === "parse") {
      assertRefused(bad, code, bad.name);
    } else {
      assert.equal(code, null, bad.name);
      await assert.rejects(verifyRelease(release), { name: "CrowdError", code: bad.code }, bad.name);
      verified += 1;
    }
  }
  assert.ok(verified >= 30, `${verified} signatures`);
});

test("only what can be read is signed", async () => {
  const seed = cases("releases.json", "good", 1)[0].seed;
  const key = await keyOfSeed(seed);
  const fields = { project: "p", version: 1, manifest: "0".repeat(64), created: "2026-11-22T17:00:00Z" };
  const wrong = [{ version: 0 }, { version: 2 ** 53 }, { created: "2026-11-22T17:00:00" }, { manifest: "0" }];
  for (const change of wrong) {
    await assert.rejects(signRelease(key, new Uint8Array(32), { ...fields, ...change }), {
      code: "bad_message",
    });
  }
});

test("signatures of other lengths, and over other bytes, don't hold", async () => {
  assert.equal(await canVerify(), true);
  const good = cases("releases.json", "good", 1)[0];
  const release = parseRelease(good.json);
  const [owner, signature] = [fromBase64url(release.owner), fromBase64url(release.signature)];
  const message = new TextEncoder().encode(good.signed);
  assert.equal(await verifyStrict(owner, signature, message), true);
  assert.equal(await verifyStrict(owner.slice(1), signature, message), false);
  assert.equal(await verifyStrict(owner, signature.slice(0, 63), message), false);
  for (let bit = 0; bit < 512; bit += 37) {
    const other = signature.slice();
    other[bit >> 3] ^= 1 << (bit & 7);
    assert.equal(await verifyStrict(owner, other, message), false, `bit ${bit}`);
  }
  assert.equal(await verifyStrict(owner, signature, message.slice(1)), false);
});
