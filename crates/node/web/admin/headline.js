// How the cluster is, in a few words.
import { counted } from "../../../app/web/view/byte_size.js";
import { age } from "./numbers.js";

/** Of the requests, how many may fail before it is the first thing to say: people do ask for what nobody has. */
const FAILING = 0.05;
/** A second, so that one unlucky visitor is no headline. */
const OFTEN = 0.3;
/** Of more nodes that are gone, the table has the rest. */
const NAMED = 3;
const AND = new Intl.ListFormat("en-GB");

/** @typedef {import("./overview.js").NodeLine} NodeLine */

/**
 * The worst that there is to say.
 * @param {import("./overview.js").Overview} overview
 */
export function headline({ nodes, now }) {
  const all = (/** @type {string} */ state) => nodes.filter((node) => node.state === state);
  const worst = /** @type {const} */ ([
    ["silent", "does not answer", "do not answer"],
    ["gone", "is gone", "are gone"],
    ["no_registry", "does not reach the registry", "do not reach the registry"],
  ]);
  for (const [state, one, many] of worst) {
    const found = all(state);
    if (found.length > 0) return who(found, one, many);
  }
  const { answers_per_s: answers, failures_per_s: failures } = now;
  if (failures >= OFTEN && failures > FAILING * (answers + failures))
    return `${Math.round((100 * failures) / (answers + failures))} % of requests find no answer`;
  for (const [state, one, many] of [
    ["leaving", "is leaving", "are leaving"],
    ["joining", "is joining", "are joining"],
  ]) {
    const found = all(state);
    if (found.length > 0) return who(found, one, many);
  }
  const here = nodes.length - all("left").length;
  return here === 1 ? "One node, and it is well" : `All ${here} nodes are well`;
}

/**
 * What goes with it.
 * @param {import("./overview.js").Overview} overview
 */
export function summary({ nodes, peers, names, settling }) {
  const gone = nodes.filter(({ state }) => state === "gone" || state === "left").sort(lastFirst);
  const silent = nodes.find(({ state }) => state === "silent");
  const told = [`${counted(peers, "peer")} connected`];
  if (names !== null) told.push(counted(names, "name"));
  told.push(counted(nodes.filter(({ gone_s }) => gone_s === undefined).length, "node"));
  const sentence = [`${told.join(", ")}.`];
  if (names === null) sentence.push("The registry does not say how many names there are.");
  if (silent?.why) sentence.push(`${silent.name}: ${silent.why}.`);
  const more = gone.length > NAMED ? [`${gone.length - NAMED} more`] : [];
  if (gone.length > 0) sentence.push(`${AND.format([...gone.slice(0, NAMED).map(since), ...more])}.`);
  else if (settling) sentence.push("Who hosts what is being told to its new owners.");
  return sentence.join(" ");
}

/**
 * Those that are gone before those that left in good order; among either, whoever went last is the first.
 * @param {NodeLine} a
 * @param {NodeLine} b
 */
function lastFirst(a, b) {
  return a.state.localeCompare(b.state) || (a.gone_s ?? 0) - (b.gone_s ?? 0);
}

/** @param {NodeLine} node */
function since({ name, state, gone_s }) {
  return `${name} ${state === "left" ? "left" : "went"} ${age(gone_s ?? 0)} ago`;
}

/**
 * @param {{name: string}[]} found
 * @param {string} one
 * @param {string} many
 */
function who(found, one, many) {
  return found.length === 1 ? `${found[0]?.name} ${one}` : `${found.length} nodes ${many}`;
}
