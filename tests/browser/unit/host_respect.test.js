// Respect: whether anything is uploaded, how much, and what a person's switches do.

import assert from "node:assert/strict";
import test from "node:test";
import { decideHosting } from "../../../crates/app/web/host/hosting_policy.js";
import { newOwner, publication } from "./support/keys.js";
import { aWhile, Hosting, until } from "./support/hosting.js";

const owner = await newOwner();
const site = await publication({ owner, files: { "index.html": "the index", "z.txt": "z".repeat(600) } });
const manifest = JSON.parse(new TextDecoder().decode(site.manifestBytes));
const [[index], [long]] = manifest.files.map(({ chunks }) => chunks);

const DAY = 86_400_000;
const policyOf = (hosting, more = {}) => ({
  hosting,
  domain: null,
  node: "node-1",
  servers: [],
  upload_bytes_per_day: 1_000_000,
  ...more,
});

async function visited(t, config) {
  const hosting = await Hosting.begin(t);
  hosting.node.config = config;
  await hosting.keep(site);
  return hosting;
}

test("each policy, choice and connection comes to one decision", () => {
  const cases = [
    ["notice", null, false, false, "on"],
    ["notice", null, true, false, "metered"],
    ["notice", "on", true, false, "on"],
    ["notice", "off", false, false, "off"],
    ["notice", null, false, true, "budget"],
    ["ask", null, false, false, "ask"],
    ["ask", null, true, true, "ask"],
    ["ask", "on", false, false, "on"],
    ["ask", "off", false, false, "off"],
    ["off", "on", false, false, "never"],
    ["always", null, true, false, "on"],
    ["always", "off", false, false, "off"],
    ["always", null, false, true, "budget"],
  ];
  for (const [policy, choice, metered, spent, expected] of cases) {
    assert.equal(
      decideHosting({ policy, choice, metered, spent }),
      expected,
      `${policy} ${choice} ${metered} ${spent}`,
    );
  }
});

test("where a node asks first, nothing goes out before a person says so; then it is remembered", async (t) => {
  const hosting = await visited(t, policyOf("ask"));
  const { node } = hosting;
  const host = await hosting.start();
  await until(() => node.of("watch").length === 1);
  await hosting.statusWhere((status) => status.hosting === "ask" && status.connected);
  assert.equal(await node.ask(index), "not_here");
  assert.equal(node.of("host").length, 0);
  hosting.say({ t: "set", what: "hosting", value: "on" });
  await until(() => node.of("host").length === 1);
  assert.deepEqual(await node.ask(index), site.chunks.get(index));
  host.stop();
  await hosting.start();
  await until(() => node.of("host").length === 2);
});

test("a node that says off is obeyed, whatever a person chose before", async (t) => {
  const hosting = await visited(t, policyOf("off"));
  await hosting.store.settings.set("hosting", "on");
  await hosting.start();
  await until(() => hosting.node.of("watch").length === 1);
  await hosting.statusWhere((status) => status.hosting === "never");
  await aWhile();
  assert.equal(hosting.node.of("host").length, 0);
});

test("one page on a metered connection is enough to wait for a click", async (t) => {
  const hosting = await visited(t, policyOf("notice"));
  const { node } = hosting;
  await hosting.start();
  await until(() => node.of("host").length === 1);
  hosting.say({ t: "hello", metered: true, page: "phone" });
  await until(() => node.of("unhost").length === 1);
  assert.equal(await node.ask(index), "not_here");
  hosting.say({ t: "hello", metered: false, page: "other" });
  await hosting.statusWhere((status) => status.hosting === "metered");
  hosting.say({ t: "hello", metered: false, page: "phone" });
  await until(() => node.of("host").length === 2);
  hosting.say({ t: "hello", metered: true, page: "phone" });
  await until(() => node.of("unhost").length === 2);
  hosting.say({ t: "bye", page: "phone" });
  await until(() => node.of("host").length === 3);
  hosting.say({ t: "hello", metered: true, page: "phone" });
  await until(() => node.of("unhost").length === 3);
  hosting.say({ t: "set", what: "hosting", value: "on" });
  await until(() => node.of("host").length === 4);
});

test("a host that starts for a page on a metered connection never was one before", async (t) => {
  const hosting = await visited(t, policyOf("notice"));
  await hosting.start({ hello: { t: "hello", metered: true, page: "phone" } });
  await until(() => hosting.node.of("watch").length === 1);
  await hosting.statusWhere((status) => status.hosting === "metered" && status.connected);
  const told = hosting.heard.filter((message) => message.t === "status").map((status) => status.hosting);
  assert.deepEqual([...new Set(told)], ["metered"]);
  assert.equal(hosting.node.of("host").length, 0);
});

test("between two pages of its only tab, a metered connection stays one", async (t) => {
  const hosting = await visited(t, policyOf("notice"));
  const { node } = hosting;
  await hosting.start({ hello: { t: "hello", metered: true, page: "phone" } });
  await until(() => node.of("watch").length === 1);
  hosting.say({ t: "bye", page: "phone" });
  await aWhile();
  hosting.say({ t: "hello", metered: true, page: "next" });
  await hosting.statusWhere((status) => status.hosting === "metered" && status.connected);
  assert.equal(node.of("host").length, 0);
  hosting.say({ t: "hello", metered: false, page: "next" });
  await until(() => node.of("host").length === 1);
  hosting.say({ t: "bye", page: "next" });
  await aWhile();
  assert.equal(node.of("unhost").length, 0, "nor does it end where bytes are free");
});

test("before a page has said what connection this is, nothing goes out but what was chosen", async (t) => {
  const hosting = await visited(t, policyOf("notice"));
  const { node } = hosting;
  const host = await hosting.start({ hello: null });
  await until(() => node.of("watch").length === 1);
  await aWhile();
  assert.equal(node.of("host").length, 0);
  hosting.say({ t: "hello", metered: false, page: "first" });
  await until(() => node.of("host").length === 1);
  host.stop();

  const publishing = await hosting.start({ hello: null, policy: "always" });
  await until(() => node.of("host").length === 2);
  publishing.stop();

  await hosting.store.settings.set("hosting", "on");
  await hosting.start({ hello: null });
  await until(() => node.of("host").length === 3);
});

test("off is off at once, and after a restart; it still watches", async (t) => {
  const hosting = await visited(t, policyOf("notice"));
  const { node } = hosting;
  const host = await hosting.start();
  await until(() => node.of("host").length === 1);
  hosting.say({ t: "set", what: "hosting", value: "off" });
  await until(() => node.of("unhost").length === 1);
  assert.equal(await node.ask(index), "not_here");
  await until(() => node.of("watch").length === 1);
  host.stop();
  node.said.length = 0;
  await hosting.start();
  await until(() => node.of("watch").length === 1);
  await hosting.statusWhere((status) => status.hosting === "off");
  assert.equal(node.of("host").length, 0);
  hosting.say({ t: "set", what: "hosting", value: "on" });
  await until(() => node.of("host").length === 1);
});

test("when today's budget is used up it hosts no more, until a new day or a larger budget", async (t) => {
  const hosting = await visited(t, policyOf("notice", { upload_bytes_per_day: 700 }));
  const { node } = hosting;
  const host = await hosting.start();
  await until(() => node.of("host").length === 1);
  assert.deepEqual(await node.ask(long), site.chunks.get(long));
  assert.equal(await node.ask(long), "not_here", "600 and 600 are more than 700");
  await until(() => node.of("unhost").length === 1);
  const { outToday, perDay } = await hosting.statusWhere((status) => status.hosting === "budget");
  assert.deepEqual([outToday, perDay], [600, 700]);
  assert.equal(await node.ask(index), "not_here");

  hosting.say({ t: "set", what: "uploadPerDay", value: 1_300 });
  await until(() => node.of("host").length === 2);
  assert.deepEqual(await node.ask(long), site.chunks.get(long));
  assert.equal(await node.ask(long), "not_here");
  await until(() => node.of("unhost").length === 2);

  hosting.pass(DAY);
  hosting.say({ t: "hello", metered: false, page: "tomorrow" });
  await until(() => node.of("host").length === 3);
  assert.deepEqual(await node.ask(long), site.chunks.get(long));
  assert.equal((await hosting.statusWhere((status) => status.outToday === 600)).bytesOut, 1_800);
  host.stop();
});

test("a new day is hosted again, whether or not anybody comes", async (t) => {
  const hosting = await visited(t, policyOf("notice", { upload_bytes_per_day: 100 }));
  const { node } = hosting;
  const midnight = new Date(hosting.now).setHours(24, 0, 0, 0);
  await hosting.start();
  await until(() => node.of("host").length === 1);
  assert.equal(await node.ask(long), "not_here");
  await until(() => node.of("unhost").length === 1);
  hosting.pass(midnight - hosting.now - 1);
  await aWhile();
  assert.equal(node.of("host").length, 1);
  hosting.pass(1);
  await until(() => node.of("host").length === 2);
});

test("a browser that slept over midnight notices at its next heartbeat", async (t) => {
  const hosting = await visited(t, policyOf("notice", { upload_bytes_per_day: 100 }));
  const { node } = hosting;
  node.heartbeat = 1;
  await hosting.start();
  await until(() => node.of("host").length === 1);
  assert.equal(await node.ask(long), "not_here");
  await until(() => node.of("unhost").length === 1);
  // Its timers slept with it.
  hosting.now += DAY;
  await until(() => node.of("host").length === 2);
});

test("what was uploaded today counts after a restart", async (t) => {
  const hosting = await visited(t, policyOf("notice", { upload_bytes_per_day: 700 }));
  await hosting.store.counters.add({ up: 700 });
  hosting.now = Date.now();
  await hosting.start();
  await until(() => hosting.node.of("watch").length === 1);
  await hosting.statusWhere((status) => status.hosting === "budget" && status.outToday === 700);
  assert.equal(hosting.node.of("host").length, 0);
});

test("the node's policy is remembered for when it can't be asked", async (t) => {
  const hosting = await visited(t, policyOf("notice"));
  const host = await hosting.start();
  await until(() => hosting.node.of("host").length === 1);
  host.stop();
  hosting.node.config = null;
  await hosting.start();
  await until(() => hosting.node.of("host").length === 2);
});
