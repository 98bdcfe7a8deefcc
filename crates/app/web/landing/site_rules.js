// What a site may be: how many chunks of which size, that it has a front page, that no file is also a folder. Pure; the
// answers are sentences for whoever publishes.

import { DEFAULT_CHUNK, MAX_CHUNK, MAX_CHUNKS } from "../protocol/limits.js";
import { byteSize } from "../view/byte_size.js";

/** More files than chunks are possible, as empty ones have none; nobody means so many. */
export const MOST_FILES = 20_000;

/**
 * What is counted of a file.
 * @typedef {{ path: string, size: number }} Sized
 */

/**
 * @param {Iterable<Sized>} files
 * @param {number} chunkSize
 */
export function chunksOf(files, chunkSize) {
  let chunks = 0;
  for (const file of files) chunks += Math.ceil(file.size / chunkSize);
  return chunks;
}

/**
 * 65,536, or where that makes too many chunks the next power of two that doesn't.
 * @param {Sized[]} files
 */
export function fittingChunkSize(files) {
  let size = DEFAULT_CHUNK;
  while (size < MAX_CHUNK && chunksOf(files, size) > MAX_CHUNKS) size *= 2;
  return size;
}

/**
 * Why these files are no site yet; empty when they are one.
 * @param {Sized[]} files
 * @returns {string[]}
 */
export function problemsOfSite(files) {
  if (files.length === 0) return ["There is no file to publish."];
  const problems = [];
  if (!files.some((file) => file.path === "index.html")) {
    problems.push("There is no index.html at the top: that is the page a site opens with.");
  }
  if (files.length > MOST_FILES)
    problems.push(`A site has at most ${MOST_FILES.toLocaleString("en")} files.`);
  const most = MAX_CHUNKS * MAX_CHUNK;
  const large = files.filter((file) => file.size > most);
  for (const file of large.slice(0, 3)) {
    problems.push(
      `${file.path} is too large: ${byteSize(file.size)}, and a whole site has at most ${byteSize(most)}.`,
    );
  }
  const chunks = chunksOf(files, MAX_CHUNK);
  if (large.length === 0 && chunks > MAX_CHUNKS) {
    const [is, may] = [chunks, MAX_CHUNKS].map((n) => n.toLocaleString("en"));
    problems.push(`It makes ${is} chunks, and a site has at most ${may}: publish less.`);
  }
  const both = fileAndFolder(files);
  if (both) problems.push(`${both} is both a file and a folder, which no site can have.`);
  return problems;
}

/** @param {Sized[]} files */
function fileAndFolder(files) {
  const paths = new Set(files.map((file) => file.path));
  for (const path of paths) {
    for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
      if (paths.has(path.slice(0, at))) return path.slice(0, at);
    }
  }
  return null;
}
