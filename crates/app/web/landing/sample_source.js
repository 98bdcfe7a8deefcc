// The sample site as a draft: the files that a node carries for those who have no site yet.

import { pathProblem } from "./folder_rules.js";
import { Draft } from "./draft.js";
import { encodePath } from "../protocol/path.js";

/** What the sample calls itself, in the crowd addresses of its pages. */
const SAMPLE_PROJECT = "crowd://hello/";
/** The same on a server that is named. */
const SAMPLE_AT_SERVER = "crowd://localhost:7000/hello/";
const MOST_SAMPLE_FILES = 200;
const MOST_SAMPLE_BYTES = 8 << 20;

/**
 * Fetches the sample. In its pages the name it goes by is replaced by the project's when it is published.
 * @param {string} server `HOST:PORT` of this node
 * @returns {Promise<Draft>}
 */
export async function draftOfSample(server) {
  const answer = await fetch("/.crowd/sample.json");
  if (!answer.ok) throw new Error("this node has no sample site");
  const paths = samplePaths(await answer.json());
  const draft = new Draft("", (_, text, name) => samplePageAs(text, name, server));
  const files = await Promise.all(paths.map(fetchSample));
  paths.forEach((path, at) => draft.add(path, files[at]));
  return draft;
}

/**
 * A page of the sample as a page of the project `name` on `server`.
 * @param {string} page
 * @param {string} name
 * @param {string} server
 */
export function samplePageAs(page, name, server) {
  return page
    .replaceAll(SAMPLE_AT_SERVER, () => `crowd://${server}/${name}/`)
    .replaceAll(SAMPLE_PROJECT, () => `crowd://${name}/`);
}

/**
 * @param {unknown} list
 * @returns {string[]}
 */
function samplePaths(list) {
  const files = /** @type {{ files?: unknown }} */ (list)?.files;
  if (!Array.isArray(files) || files.length > MOST_SAMPLE_FILES)
    throw new Error("the sample’s list is not one");
  const paths = files.map((file) => file?.path).filter((path) => typeof path === "string");
  return paths.filter((path) => pathProblem(path) === null);
}

/** @param {string} path */
async function fetchSample(path) {
  const answer = await fetch(`/.crowd/sample/${encodePath(path)}`);
  if (!answer.ok) throw new Error(`the sample’s ${path} can’t be had`);
  const blob = await answer.blob();
  if (blob.size > MOST_SAMPLE_BYTES) throw new Error(`the sample’s ${path} is too large`);
  return blob;
}
