// Sites in the store: owners are pinned, versions only grow, nothing is believed because it is in the database.

import assert from "node:assert/strict";
import test from "node:test";
import { toBase64url } from "../../../crates/app/web/protocol/base64url.js";
import { siteId } from "../../../crates/app/web/store/site_store.js";
import { newOwner, publication } from "./support/keys.js";
import { JUNK, newStore, peek, tamper } from "./support/stores.js";

const owner = await newOwner();
const stranger = await newOwner();
const page = (text) => ({ "index.html": text });

const accept = ({ sites }, id, { release, manifestBytes }) => sites.accept(id, release, manifestBytes);

test("the first release pins the owner and is shown; later ones wait to be activated", async (t) => {
  const store = newStore(t);
  const first = await publication({ owner, files: page("one") });
  const second = await publication({ owner, version: 2, files: page("two") });
  assert.equal(await store.sites.get(""), undefined);
  await accept(store, "", first);
  const { usedAt, ...site } = await store.sites.get("");
  assert.ok(usedAt > 0);
  const key = toBase64url(owner.bytes);
  assert.deepEqual(site, { id: "", project: "mysite", owner: key, newest: 1, active: 1, kept: "seen" });

  await accept(store, "", second);
  const { newest, active } = await store.sites.get("");
  assert.deepEqual([newest, active], [2, 1]);
  assert.deepEqual(await store.sites.versions(""), [1, 2]);
  const { release, manifest } = await store.sites.release("", 2);
  assert.deepEqual(release, second.release);
  assert.equal(manifest.find("").file.chunks.length, 1);
  assert.deepEqual(await store.chunks.get(release.manifest), second.manifestBytes);

  await store.sites.activate("", 2);
  assert.equal((await store.sites.get("")).active, 2);
  await assert.rejects(store.sites.activate("", 3), { code: "not_found" });
  assert.equal(await store.sites.release("", 3), undefined);
});

test("the very same release again changes nothing, another of its version is refused", async (t) => {
  const store = newStore(t);
  const one = await publication({ owner, version: 5, files: page("one") });
  const other = await publication({ owner, version: 5, files: page("other") });
  const older = await publication({ owner, version: 4, files: page("older") });
  await accept(store, "", one);
  await accept(store, "", one);
  await assert.rejects(accept(store, "", other), { name: "CrowdError", code: "stale_version" });
  await assert.rejects(accept(store, "", older), { name: "CrowdError", code: "stale_version" });
  assert.deepEqual((await store.sites.release("", 5)).release, one.release);
  assert.deepEqual(await store.sites.versions(""), [5]);
});

test("old versions are forgotten when a newer one comes, but not what is shown or pinned", async (t) => {
  const store = newStore(t);
  const made = [];
  for (let version = 1; version <= 20; version += 1) {
    made.push(await publication({ owner, version, files: page(`version ${version}`) }));
    await accept(store, "", made.at(-1));
    if (version === 4) await store.views.set("an open page", 4);
    if (version === 7) await store.sites.activate("", 7);
  }
  const recent = [13, 14, 15, 16, 17, 18, 19, 20];
  assert.deepEqual(await store.sites.versions(""), [4, 7, ...recent]);
  assert.deepEqual((await store.sites.release("", 7)).release, made[6].release);
});

test("another owner's release is refused until the person accepts the owner", async (t) => {
  const store = newStore(t);
  const mine = await publication({ owner, version: 9, files: page("mine") });
  const theirs = await publication({ owner: stranger, version: 1, files: page("theirs") });
  await accept(store, "", mine);
  await assert.rejects(accept(store, "", theirs), { name: "CrowdError", code: "owner_changed" });
  await assert.rejects(store.sites.acceptOwner("", "no key"), { code: "bad_signature" });

  await store.sites.acceptOwner("", theirs.release.owner);
  const { newest, active } = await store.sites.get("");
  assert.deepEqual([newest, active], [0, 0]);
  assert.deepEqual(await store.sites.versions(""), []);
  assert.equal(await store.chunks.size(), 0, "nothing of the old owner stays");
  await assert.rejects(accept(store, "", mine), { code: "owner_changed" });
  await accept(store, "", theirs);
  assert.equal((await store.sites.get("")).active, 1);
});

test("what doesn't verify is not accepted", async (t) => {
  const store = newStore(t);
  const good = await publication({ owner, files: page("good") });
  const other = await publication({ owner, version: 2, files: page("other") });
  const forged = { ...good.release, version: 3 };
  await assert.rejects(store.sites.accept("", forged, good.manifestBytes), { code: "bad_signature" });
  await assert.rejects(store.sites.accept("", good.release, other.manifestBytes), { code: "wrong_bytes" });
  await assert.rejects(accept(store, "/another", good), { code: "bad_name" });
  assert.deepEqual([await store.sites.list(), await store.chunks.size()], [[], 0]);

  await accept(store, "", good);
  const elsewhere = await publication({ owner, project: "another", files: page("x") });
  await assert.rejects(accept(store, "", elsewhere), { code: "bad_name" });
});

test("sites of other servers have records of their own", async (t) => {
  const store = newStore(t);
  const here = await publication({ owner, files: page("shared") });
  const there = await publication({ owner: stranger, files: page("shared") });
  await accept(store, "", here);
  await accept(store, siteId("n.example:7000", "mysite"), there);
  await accept(store, siteId(null, "mysite"), here);
  const sites = await store.sites.list();
  assert.deepEqual(sites.map(({ id }) => id).sort(), ["", "/mysite", "n.example:7000/mysite"]);
  await store.sites.keep("/mysite", "all");
  assert.equal((await store.sites.get("/mysite")).kept, "all");
});

test("removing a site deletes what no other site uses", async (t) => {
  const store = newStore(t);
  const one = await publication({ owner, files: { "a.html": "shared", "b.html": "only here" } });
  const other = await publication({ owner, project: "other", files: { "a.html": "shared" } });
  for (const { release, manifestBytes, chunks } of [one, other]) {
    await store.sites.accept(release === one.release ? "" : "/other", release, manifestBytes);
    for (const [hash, bytes] of chunks) await store.chunks.put(hash, bytes);
  }
  const sizeOf = ({ chunks }) => [...chunks.values()].reduce((sum, { length }) => sum + length, 0);
  assert.equal(await store.sites.keptBytes(""), sizeOf(one));
  await store.sites.remove("");
  assert.equal(await store.sites.get(""), undefined);
  assert.deepEqual(await store.sites.versions(""), []);
  assert.equal(await store.chunks.size(), sizeOf(other));
  for (const [hash, bytes] of other.chunks) assert.deepEqual(await store.chunks.get(hash), bytes);
  await store.sites.remove("no such site");
});

test("records that were tampered with are no records", async (t) => {
  const store = newStore(t);
  const { sites } = store;
  const one = await publication({ owner, files: page("one") });
  for (const junk of JUNK) {
    await accept(store, "", one);
    await tamper(store, "sites", "", junk);
    assert.equal(await sites.get(""), undefined);
    assert.equal(await sites.release("", 1), undefined);
    assert.deepEqual(await sites.list(), []);
    await accept(store, "", one);
    await tamper(store, "releases", ["", 1], junk);
    assert.equal(await sites.release("", 1), undefined);
    assert.equal(typeof (await sites.keptBytes("")), "number");
  }
  await accept(store, "", one);
  assert.deepEqual((await sites.release("", 1)).release, one.release);
});

test("a stored release counts only as its owner signed it", async (t) => {
  const store = newStore(t);
  const one = await publication({ owner, files: page("one") });
  const two = await publication({ owner, version: 2, files: page("two") });
  const theirs = await publication({ owner: stranger, version: 2, files: page("theirs") });
  await accept(store, "", one);
  const lies = [
    { ...one.release, version: 2 },
    { ...two.release, manifest: one.release.manifest },
    { ...two.release, signature: one.release.signature },
    theirs.release,
  ];
  for (const release of lies) {
    await tamper(store, "releases", ["", 2], { release });
    assert.equal(await store.sites.release("", 2), undefined);
  }
  await tamper(store, "releases", ["", 2], { release: two.release });
  assert.equal(await store.sites.release("", 2), undefined, "its manifest isn't here");
  assert.deepEqual(await store.sites.signed("", 2), two.release);
  await accept(store, "", two);
  assert.deepEqual((await store.sites.release("", 2)).release, two.release);
});

test("a manifest that was tampered with is missing, and can come again", async (t) => {
  const store = newStore(t);
  const one = await publication({ owner, files: page("one") });
  await accept(store, "", one);
  const record = await peek(store, "chunks", one.release.manifest);
  record.bytes[40] ^= 1;
  await tamper(store, "chunks", one.release.manifest, record);
  // Another context, which has verified nothing yet.
  const { openStore } = await import("../../../crates/app/web/store/database.js");
  const other = openStore(store.connection.name);
  assert.equal(await other.sites.release("", 1), undefined);
  await accept(other, "", one);
  assert.deepEqual((await other.sites.release("", 1)).release, one.release);
  other.close();
});
