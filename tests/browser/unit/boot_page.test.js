// What boot reads of a page before it does anything: where the page is, and what the browser timed.

import assert from "node:assert/strict";
import test from "node:test";
import { isMetered } from "../../../crates/app/web/page/metered.js";
import { findPagePlace } from "../../../crates/app/web/page/page_place.js";
import { isFromNode, ownFilesOf } from "../../../crates/app/web/page/page_timing.js";
import {
  fileStates,
  pageStates,
  parsedState,
  readablePath,
} from "../../../crates/app/web/page/visit_states.js";

const own = new URL("http://mysite.localhost:7000/deep/page.html");
const facts = {
  tag: { project: "mysite", version: "7" },
  location: own,
  origin: own.origin,
  framed: false,
  secure: true,
};

test("a page at its project's own origin may be visited", () => {
  assert.deepEqual(findPagePlace(facts), {
    project: "mysite",
    version: 7,
    form: "own",
    base: "localhost:7000",
    scheme: "http",
    mayVisit: true,
  });
  const secure = findPagePlace({
    ...facts,
    location: new URL("https://mysite.d.example.org/"),
    origin: "https://mysite.d.example.org",
  });
  assert.deepEqual([secure.base, secure.scheme], ["d.example.org", "https"]);
});

test("in a frame, without a secure context or an own origin, nothing is started", () => {
  const cases = [
    { framed: true },
    { secure: false },
    { origin: "null" },
    { location: new URL("http://localhost:7000/mysite/"), origin: "http://localhost:7000" },
    { location: new URL("http://192.168.1.7:7000/mysite/"), origin: "null", secure: false },
    { location: new URL("http://mysite2.localhost:7000/"), origin: "http://mysite2.localhost:7000" },
  ];
  for (const more of cases)
    assert.equal(findPagePlace({ ...facts, ...more }).mayVisit, false, JSON.stringify(more));
  const path = findPagePlace({ ...facts, ...cases[3] });
  assert.deepEqual([path.form, path.base], ["path", "localhost:7000"]);
});

test("a tag that is none of ours is no place", () => {
  for (const tag of [{}, { project: "" }, { project: "../x" }, { project: "UPPER" }]) {
    assert.equal(findPagePlace({ ...facts, tag }), null);
  }
  for (const version of [undefined, "", "0", "-1", "1e3", "7.5", "99999999999999999"]) {
    assert.equal(findPagePlace({ ...facts, tag: { project: "mysite", version } }).version, null);
  }
});

const timing = (name, times, more = {}) => ({
  name,
  startTime: times[0],
  fetchStart: times[0],
  requestStart: times[0],
  responseStart: times[1],
  responseEnd: times[2],
  encodedBodySize: 10,
  workerStart: 0,
  serverTiming: [],
  ...more,
});

test("only files of this origin's project count, and those that the node answered", () => {
  const names = [
    "/a.css",
    "/.crowd/boot.js",
    "/.crowd/x/other/b.png",
    "http://other.localhost:7000/c.png",
    "data:,x",
  ];
  const entries = names.map((name) => timing(name.startsWith("/") ? own.origin + name : name, [1, 2, 3]));
  assert.deepEqual(
    ownFilesOf(entries, own.origin).map(({ name }) => name),
    [`${own.origin}/a.css`],
  );
  assert.equal(isFromNode(timing("", [1, 2, 3])), true);
  assert.equal(isFromNode(timing("", [1, 2, 3], { workerStart: 0.5 })), false);
  const relayed = timing("", [1, 2, 3], { workerStart: 0.5, serverTiming: [{ name: "relay", duration: 4 }] });
  assert.equal(isFromNode(relayed), true, "a worker that knows nothing yet passes it on");
});

test("the states of a page come in their order, also where it still streams while its files are asked for", () => {
  const files = [timing(`${own.origin}/b%20c.css`, [30, 32, 35]), timing(`${own.origin}/a.js`, [31, 33, 34])];
  for (const received of [20, 90]) {
    const parsed = parsedState({ firstRequested: 30, links: 3, now: 120 });
    const page = pageStates(timing(own.href, [1, 10, received]), parsed);
    const states = [...page, parsed, ...fileStates(files)];
    assert.deepEqual(
      states.map(({ state }) => state),
      [1, 4, 5, 6, 7, 7, 10, 10, 11, 11],
    );
    const times = states.map(({ at }) => at);
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
    assert.deepEqual([parsed.at, parsed.detail], [30, { links: 3 }]);
  }
  assert.equal(parsedState({ firstRequested: Infinity, links: 0, now: 120 }).at, 120);
  const [first] = fileStates(files);
  assert.deepEqual(first, { state: 7, at: 30, detail: { path: "b c.css" } });
  assert.deepEqual([readablePath("/"), readablePath("/%zz")], ["", "%zz"]);
});

test("what the browser's cache answered has times, too", () => {
  const cached = timing(`${own.origin}/a.js`, [31, 0, 34], { requestStart: 0 });
  assert.deepEqual(
    fileStates([cached]).map(({ at }) => at),
    [31, 34, 34],
  );
});

test("bytes cost money where the browser says so", () => {
  assert.equal(isMetered(undefined), false);
  assert.equal(isMetered({ saveData: false, type: "wifi" }), false);
  assert.equal(isMetered({ saveData: true }), true);
  assert.equal(isMetered({ type: "cellular" }), true);
});
