// The connection to a node, against a scripted one: welcome, questions, requests, loss, back-off, liveness, goaway.

import assert from "node:assert/strict";
import test from "node:test";
import { Socket } from "../../../crates/app/web/net/socket.js";
import { sha256 } from "../../../crates/app/web/protocol/hash.js";
import { cases } from "./support/vectors.js";
import { Inbox, ManualClock, openWs, socketNode } from "./support/socket_node.js";

const bytes = new TextEncoder().encode("a chunk");
const hash = await sha256(bytes);
const RELEASE = JSON.parse(cases("releases.json", "good", 1)[0].json);

/** A Socket to these nodes, whose events can be awaited. */
function socketTo(t, urls, options = {}) {
  const welcomes = new Inbox();
  const updates = new Inbox();
  const states = new Inbox();
  const clock = new ManualClock();
  const socket = new Socket({
    urls: () => urls,
    onWelcome: (welcome, url) => welcomes.put({ welcome, url }),
    onUpdated: (project, version) => updates.put([project, version]),
    onState: (state) => states.put(state),
    openSocket: openWs,
    clock,
    random: () => 0.5,
    ...options,
  });
  t.after(() => socket.close());
  return { socket, clock, welcomes, updates, states };
}

async function connected(t, options, welcome) {
  const node = await socketNode(t);
  const made = socketTo(t, [node.url], options);
  const peer = await node.peers.take();
  peer.welcome(welcome);
  await made.welcomes.take();
  return { ...made, node, peer };
}

async function stateOf(states, wanted) {
  for (;;) {
    const { state, ...rest } = await states.take();
    if (state === wanted) return rest;
  }
}

/** The error that it is rejected with; caught from the start. */
const refusalOf = (promise) =>
  promise.then(
    () => assert.fail("it was fulfilled"),
    (error) => error,
  );

const request = (id, fields = {}) => ({
  t: "request",
  id,
  project: "p",
  version: 7,
  sha256: hash,
  ...fields,
});

test("it is connected once the node said welcome", async (t) => {
  const node = await socketNode(t);
  const { socket, welcomes, states } = socketTo(t, [node.url]);
  const peer = await node.peers.take();
  assert.equal(peer.socket.protocol, "crowd.v1");
  assert.equal(socket.connected, false);
  await assert.rejects(socket.request({ t: "ping" }), { name: "CrowdError", code: "network" });
  peer.welcome({ node: "n-1", nodes: ["wss://a.example/.crowd/ws"] });
  const { welcome, url } = await welcomes.take();
  assert.deepEqual([welcome.node, welcome.nodes, url], ["n-1", ["wss://a.example/.crowd/ws"], node.url]);
  assert.equal(socket.connected, true);
  assert.deepEqual([(await states.take()).state, (await states.take()).state], ["connecting", "connected"]);
});

test("questions are paired with their answers", async (t) => {
  const { socket, peer } = await connected(t);
  const resolved = socket.request({ t: "resolve", project: "mywebsite" });
  const hosted = socket.request({ t: "host", project: "p", version: 7, have: "all" });
  const chunk = socket.request({ t: "request", project: "p", sha256: hash });
  const refused = refusalOf(socket.request({ t: "watch", project: "p" }));
  const asked = [
    await peer.said.take(),
    await peer.said.take(),
    await peer.said.take(),
    await peer.said.take(),
  ];
  assert.deepEqual(
    asked.map((message) => message.t),
    ["resolve", "host", "request", "watch"],
  );
  const ids = asked.map(({ id }) => id);
  assert.equal(new Set(ids).size, 4);
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  peer.say({ t: "error", id: ids[3], code: "rate_limited", message: "slow", retry_after_ms: 9, traceparent });
  peer.sayBinary({ t: "response", id: ids[2], sha256: hash }, bytes);
  peer.say({ t: "ok", id: ids[1] });
  peer.say({ t: "release", id: ids[0], release: RELEASE, peers: 4 });
  assert.deepEqual(await hosted, { t: "ok", id: ids[1] });
  assert.equal((await resolved).peers, 4);
  assert.deepEqual((await chunk).body, bytes);
  const { code, message, retryAfterMs, trace } = await refused;
  assert.deepEqual([code, message, retryAfterMs], ["rate_limited", "slow", 9]);
  assert.equal(trace, "4bf92f3577b34da6a3ce929d0e0e4736");
});

test("answers of another kind, or of other bytes, are no answers", async (t) => {
  const { socket, peer } = await connected(t);
  const host = refusalOf(socket.request({ t: "host", project: "p", version: 7, have: "all" }));
  const chunk = refusalOf(socket.request({ t: "request", project: "p", sha256: hash }));
  const other = refusalOf(socket.request({ t: "request", project: "p", path: "x" }));
  const ids = [(await peer.said.take()).id, (await peer.said.take()).id, (await peer.said.take()).id];
  const elsewhere = new TextEncoder().encode("other");
  peer.sayBinary({ t: "response", id: ids[0], sha256: hash }, bytes);
  peer.sayBinary({ t: "response", id: ids[1], sha256: await sha256(elsewhere) }, elsewhere);
  peer.sayBinary({ t: "response", id: ids[2], sha256: hash }, elsewhere);
  const codes = (await Promise.all([host, chunk, other])).map(({ code }) => code);
  assert.deepEqual(codes, ["bad_message", "wrong_bytes", "wrong_bytes"]);
});

test("no more than 256 questions are open", async (t) => {
  const { socket, peer } = await connected(t);
  const open = Array.from({ length: 256 }, () => socket.request({ t: "ping" }));
  await assert.rejects(socket.request({ t: "ping" }), { code: "rate_limited" });
  for (const _ of open) peer.say({ t: "ok", id: (await peer.said.take()).id });
  await Promise.all(open);
  await assert.rejects(socket.request({ t: "tea" }), { code: "bad_message" });
  assert.equal(socket.have({ project: "p", version: 7, chunks: [4] }), true);
  assert.deepEqual(await peer.said.take(), { t: "have", project: "p", version: 7, chunks: [4] });
});

test("the node's requests are answered with bytes, or not here", async (t) => {
  const asked = [];
  const onRequest = async (...about) => {
    asked.push(about);
    if (about[1] === "broken") throw new Error("on purpose");
    return about[1] === "p" ? bytes : null;
  };
  const { peer } = await connected(t, { onRequest });
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  peer.say(request(9, { traceparent }));
  assert.deepEqual(await peer.said.take(), { t: "response", id: 9, sha256: hash, body: bytes });
  for (const project of ["q", "broken"]) {
    peer.say(request(10, { project }));
    const { t: type, id, code } = await peer.said.take();
    assert.deepEqual([type, id, code], ["error", 10, "not_here"]);
  }
  assert.deepEqual(asked[0], [hash, "p", 7, traceparent]);
});

test("no more than 32 of the node's requests are worked at once", async (t) => {
  const gates = [];
  const onRequest = () => new Promise((resolve) => gates.push(() => resolve(bytes)));
  const { peer } = await connected(t, { onRequest });
  for (let id = 0; id < 33; id += 1) peer.say(request(id));
  const { t: type, id, code } = await peer.said.take();
  assert.deepEqual([type, id, code], ["error", 32, "rate_limited"]);
  assert.equal(gates.length, 32);
  for (const open of gates) open();
  for (let at = 0; at < 32; at += 1) assert.equal((await peer.said.take()).t, "response");
});

test("what is no message is ignored and counted, what comes too late is ignored", async (t) => {
  const { socket, peer, updates } = await connected(t);
  const junk = [
    "",
    "x",
    "[]",
    "null",
    '{"t":5}',
    '{"t":"tea"}',
    '{"t":"request","id":1}',
    new Uint8Array([9]),
    "\ud800",
  ];
  for (const text of junk) peer.socket.send(text);
  peer.say({ t: "ok", id: 77 });
  peer.say({ t: "welcome", peer: "", node: "", cluster: "", nodes: [], heartbeat_s: 1 });
  peer.say({ t: "updated", project: "p", version: 8 });
  assert.deepEqual(await updates.take(), ["p", 8]);
  assert.equal(socket.ignored, junk.length);
  assert.equal(socket.connected, true);
});

test("a lost connection fails its questions and comes back after a while that grows", async (t) => {
  const { socket, clock, node, peer, states, welcomes } = await connected(t);
  const lost = socket.request({ t: "ping" });
  await peer.said.take();
  peer.socket.terminate();
  await assert.rejects(lost, { name: "CrowdError", code: "network" });
  assert.equal((await stateOf(states, "waiting")).waitMs, 500);
  assert.equal(socket.connected, false);
  const waits = [];
  for (let at = 0; at < 7; at += 1) {
    clock.advance(clock.waits[0]);
    (await node.peers.take()).socket.terminate();
    waits.push((await stateOf(states, "waiting")).waitMs);
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
  clock.advance(20_000);
  const back = await node.peers.take();
  back.welcome();
  await welcomes.take();
  // One that held is a new beginning.
  clock.advance(10_000);
  back.socket.terminate();
  assert.equal((await stateOf(states, "waiting")).waitMs, 500);
});

test("waits are spread by chance from the first one on, up to half a minute", async (t) => {
  for (const [random, expected] of [
    [0, [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000]],
    [1, [750, 1_500, 3_000, 6_000, 12_000, 24_000, 30_000]],
  ]) {
    const node = await socketNode(t);
    const { states, clock } = socketTo(t, [node.url], { random: () => random });
    const waits = [];
    for (const _ of expected) {
      (await node.peers.take()).socket.terminate();
      waits.push((await stateOf(states, "waiting")).waitMs);
      clock.advance(waits.at(-1));
    }
    assert.deepEqual(waits, expected);
  }
});

test("a node that can't be had is followed by the next", async (t) => {
  const refusing = await socketNode(t, { verifyClient: () => false });
  const good = await socketNode(t);
  const junk = ["", "http://x/", "no url"];
  const { states, clock, welcomes } = socketTo(t, [...junk, refusing.url, good.url]);
  clock.advance((await stateOf(states, "waiting")).waitMs);
  (await good.peers.take()).welcome();
  assert.equal((await welcomes.take()).url, good.url);
});

test("a node without the subprotocol, or without a welcome, is left", async (t) => {
  const other = await socketNode(t, { handleProtocols: () => false });
  const silent = await socketNode(t);
  const good = await socketNode(t);
  const { states, clock, welcomes } = socketTo(t, [other.url, silent.url, good.url]);
  clock.advance((await stateOf(states, "waiting")).waitMs);
  await silent.peers.take();
  clock.advance(12_000);
  clock.advance((await stateOf(states, "waiting")).waitMs);
  (await good.peers.take()).welcome();
  assert.equal((await welcomes.take()).url, good.url);
});

test("without an address, or with a factory that throws, it waits and tries again", async (t) => {
  const none = socketTo(t, []);
  assert.equal((await stateOf(none.states, "waiting")).waitMs, 500);
  const urls = () => Promise.reject(new Error("on purpose"));
  assert.equal((await stateOf(socketTo(t, [], { urls }).states, "waiting")).waitMs, 500);
  const openSocket = () => {
    throw new DOMException("insecure", "SecurityError");
  };
  const { states, socket, clock } = socketTo(t, ["ws://127.0.0.1:1/.crowd/ws"], { openSocket });
  assert.equal((await stateOf(states, "waiting")).waitMs, 500);
  socket.hurry();
  assert.equal((await stateOf(states, "waiting")).waitMs, 1_000);
  socket.close();
  assert.deepEqual(clock.waits, []);
});

test("it pings each heartbeat, and leaves a node that doesn't answer", async (t) => {
  const { clock, peer, states, socket } = await connected(t, {}, { heartbeat_s: 20 });
  clock.advance(20_000);
  const ping = await peer.said.take();
  assert.equal(ping.t, "ping");
  const question = socket.request({ t: "ping" });
  peer.say({ t: "ok", id: ping.id });
  peer.say({ t: "ok", id: (await peer.said.take()).id });
  await question;
  clock.advance(20_000);
  assert.equal((await peer.said.take()).t, "ping");
  assert.equal(socket.connected, true);
  clock.advance(20_000);
  assert.equal(socket.connected, false);
  await stateOf(states, "waiting");
  await peer.closed.take();
});

test("a heartbeat beyond all measure doesn't become none", async (t) => {
  const { clock } = await connected(t, {}, { heartbeat_s: 2 ** 53 - 1 });
  assert.deepEqual(clock.waits, [300_000]);
});

test("a question that nobody answers ends", async (t) => {
  const { socket, clock, peer } = await connected(t);
  const unanswered = socket.request({ t: "watch", project: "p" });
  await peer.said.take();
  clock.advance(30_000);
  const first = await peer.said.take();
  const echo = socket.request({ t: "ping" });
  peer.say({ t: "ok", id: first.id });
  peer.say({ t: "ok", id: (await peer.said.take()).id });
  await echo;
  clock.advance(30_000);
  await assert.rejects(unanswered, { code: "timeout" });
});

test("when a node leaves, it moves to the next of its list, and what is in flight is still answered", async (t) => {
  let open;
  const gate = new Promise((resolve) => {
    open = resolve;
  });
  const onRequest = async () => {
    await gate;
    return bytes;
  };
  const [listed, home] = [await socketNode(t), await socketNode(t)];
  const { socket, clock, welcomes } = socketTo(t, [home.url], { onRequest });
  const old = await home.peers.take();
  old.welcome();
  await welcomes.take();
  old.say(request(9));
  const question = socket.request({ t: "watch", project: "p" });
  const asked = await old.said.take();
  old.say({ t: "goaway", reason: "draining", nodes: [home.url, "junk", listed.url], reconnect_in_ms: 850 });
  const echo = socket.request({ t: "ping" });
  old.say({ t: "ok", id: (await old.said.take()).id });
  await echo;
  assert.equal(socket.connected, true);
  assert.ok(clock.waits.includes(850));
  clock.advance(849);
  assert.equal(listed.peers.size, 0);
  clock.advance(1);
  const next = await listed.peers.take();
  next.welcome();
  assert.equal((await welcomes.take()).url, listed.url);

  const hosted = socket.request({ t: "host", project: "p", version: 7, have: "all" });
  next.say({ t: "ok", id: (await next.said.take()).id });
  await hosted;
  open();
  assert.deepEqual(await old.said.take(), { t: "response", id: 9, sha256: hash, body: bytes });
  old.say({ t: "ok", id: asked.id });
  assert.equal((await question).t, "ok");
  await old.closed.take();
  assert.equal(socket.connected, true);
});

test("when a node that leaves is gone before its time, the time is still kept", async (t) => {
  const home = await socketNode(t);
  const listed = await socketNode(t);
  const { socket, clock, welcomes, states } = socketTo(t, [home.url]);
  const old = await home.peers.take();
  old.welcome();
  await welcomes.take();
  old.say({ t: "goaway", reason: "draining", nodes: [listed.url], reconnect_in_ms: 5_000 });
  old.socket.close();
  await stateOf(states, "waiting");
  assert.equal(socket.connected, false);
  assert.deepEqual(clock.waits, [5_000]);
  clock.advance(5_000);
  (await listed.peers.take()).welcome();
  assert.equal((await welcomes.take()).url, listed.url);
});

test("a node that leaves and names no other is followed by the next that is known", async (t) => {
  const [home, second] = [await socketNode(t), await socketNode(t)];
  const { clock, welcomes, socket } = socketTo(t, [home.url, second.url]);
  const old = await home.peers.take();
  old.welcome();
  await welcomes.take();
  old.say({ t: "goaway", reason: "draining", nodes: [], reconnect_in_ms: 2 ** 53 - 1 });
  const echo = socket.request({ t: "ping" });
  old.say({ t: "ok", id: (await old.said.take()).id });
  await echo;
  clock.advance(60_000);
  (await second.peers.take()).welcome();
  assert.equal((await welcomes.take()).url, second.url);
});

test("closed, it is over", async (t) => {
  const { socket, clock, peer, states } = await connected(t);
  const question = socket.request({ t: "ping" });
  socket.close();
  await assert.rejects(question, { code: "network" });
  await stateOf(states, "closed");
  await peer.closed.take();
  assert.deepEqual(clock.waits, []);
  await assert.rejects(socket.request({ t: "ping" }), { code: "network" });
  socket.close();
});
