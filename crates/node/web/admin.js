// The operator's page: asks its node once a second how the whole cluster is, and shows it.
import { byteSize, counted } from "../../app/web/view/byte_size.js";
import { tellFact } from "../../app/web/view/fact_list.js";
import { say } from "../../app/web/view/make.js";
import { namedPart } from "../../app/web/view/named_part.js";
import { Chart } from "./admin/chart.js";
import { headline, summary } from "./admin/headline.js";
import { NodeColours } from "./admin/node_colours.js";
import { NodesTable } from "./admin/nodes_table.js";
import { age, perSecond, took } from "./admin/numbers.js";
import { readOverview, readRing } from "./admin/overview.js";
import { ProjectList } from "./admin/project_list.js";
import { RingView } from "./admin/ring_view.js";

/** @typedef {import("./admin/overview.js").Overview} Overview */

/** Milliseconds between two looks. */
const LOOK_PACE = 1_000;

const colours = new NodeColours();
const drawing = /** @type {SVGSVGElement} */ (/** @type {unknown} */ (document.getElementById("ring")));
const ring = new RingView(drawing, namedPart("ring-key", HTMLElement), colours);
const nodes = new NodesTable(namedPart("nodes", HTMLElement), colours, (name) => ring.pick(name));
const busiest = new ProjectList(namedPart("busiest", HTMLElement));
const dark = new ProjectList(namedPart("dark", HTMLElement));
const main = namedPart("admin", HTMLElement);
const charts = {
  answers: new Chart("Sessioncasts a second", { least: 5, scale: perSecond }),
  took: new Chart("How long they took", { lines: ["p50", "p99"], least: 1, scale: took }),
  bytes: new Chart("Content out, a second", { least: 10_000, scale: byteSize }),
  failures: new Chart("Without an answer, a second", { kind: "bad", least: 1, scale: perSecond }),
};
namedPart("charts", HTMLElement).append(...Object.values(charts).map(({ element }) => element));

let shownRing = "";
let heard = 0;

async function look() {
  try {
    const overview = await readOverview();
    if (overview.ring !== shownRing) {
      const map = await readRing();
      ring.drawRing(map);
      shownRing = map.id;
    }
    heard = Date.now();
    show(overview);
  } catch (error) {
    lose(error instanceof Error ? error.message : String(error));
  }
}

/** @param {Overview} overview */
function show(overview) {
  const { node, cluster, now, minute } = overview;
  live("connected", `Node ${node} · live`);
  tell("whose", `Cluster ${cluster.slice(0, 8)}, as ${node} sees it`);
  tell("headline", headline(overview));
  tell("summary", summary(overview));
  ring.show(overview.nodes, perSecond(now.answers_per_s));
  nodes.show(overview.nodes);
  charts.answers.show([perSecond(now.answers_per_s)], [minute.answers]);
  charts.took.show([took(now.p50_ms), took(now.p99_ms)], [minute.p50_ms, minute.p99_ms]);
  charts.bytes.show([byteSize(now.bytes_per_s)], [minute.bytes]);
  charts.failures.show([perSecond(now.failures_per_s)], [minute.failures]);
  showProjects(overview);
  showKept(overview);
}

/** @param {Overview} overview */
function showProjects({ node, nodes, busiest: busy, single_hosted: single }) {
  const url = nodes.find(({ name }) => name === node)?.url ?? "";
  const most = busy[0]?.answers ?? 1;
  const busyLines = busy.map(({ project, answers, bytes }) => ({
    project,
    said: `${answers.toLocaleString("en")} · ${byteSize(bytes)}`,
    part: answers / most,
  }));
  busiest.show(busyLines, url, "Nobody asked for anything within the last minute.");
  const darkLines = single.projects.map(({ project, node }) => ({ project, said: `its peer is at ${node}` }));
  const hosted = nodes.some(({ projects = 0 }) => projects > 0);
  const none = hosted ? "None: whatever is hosted has two hosts or more." : "Nobody hosts anything yet.";
  dark.show(darkLines, url, none, single.total);
}

/** @param {Overview} overview */
function showKept({ cluster, registry, names, nodes, single_hosted: single }) {
  const here = nodes.filter(({ state }) => !["gone", "left", "silent"].includes(state));
  const rows = here.reduce((sum, { directory_rows = 0 }) => sum + directory_rows, 0);
  fact("Names", names === null ? "the registry does not answer" : names.toLocaleString("en"));
  fact("Kept by", registry);
  fact("Projects with a single host", single.total.toLocaleString("en"));
  fact("Rows of the directory, kept for other nodes", rows.toLocaleString("en"));
  fact("Cluster", cluster);
  const counts = new Set(here.map(({ denied = 0 }) => denied));
  const [first = 0] = counts;
  const differing = here.map(({ name, denied = 0 }) => `${name} ${denied}`).join(", ");
  const same = first === 0 ? "Every project is carried." : `${counted(first, "project")}, on every node.`;
  tell("denied", counts.size > 1 ? `The nodes differ in how many projects they deny: ${differing}.` : same);
}

/** @param {string} why */
function lose(why) {
  const since = heard ? `, heard last ${age((Date.now() - heard) / 1000)} ago` : "";
  live("lost", `No answer${since}`);
  tell("headline", "This node does not answer");
  tell("summary", heard ? "What you see is as it was. It goes on by itself." : `It says: ${why}`);
}

/**
 * @param {"connected" | "lost"} state
 * @param {string} told
 */
function live(state, told) {
  const health = namedPart("health", HTMLElement);
  health.dataset["state"] = state;
  main.dataset["live"] = state;
  say(health, told);
}

/**
 * @param {string} id
 * @param {string} text
 */
function tell(id, text) {
  say(namedPart(id, HTMLElement), text);
}

/**
 * @param {string} name
 * @param {string} value
 */
function fact(name, value) {
  tellFact(namedPart("kept", HTMLElement), name, value);
}

/** Looks for as long as somebody does. */
async function watch() {
  for (;;) {
    const next = new Promise((resolve) => setTimeout(resolve, LOOK_PACE));
    if (!document.hidden) await look();
    await next;
  }
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void look();
});
void watch();
