// The app's own files that a page needs before the network answers, in a cache named after this build. A project's script
// shares the origin and can write to any cache: the worker knows the hash of each of its files, and what it finds in
// place of one goes unused.

/// <reference path="../globals.d.ts" />

import { sha256 } from "../protocol/hash.js";

const CACHE_PREFIX = "crowd-app-";
/** Seen anew each time, and kept for when there is no network. */
const KEPT_FILES = ["manage", "manage.js"];

/** The cache of this build. It is opened anew for each use, since a reset deletes it. */
function openShell() {
  return caches.open(`${CACHE_PREFIX}${__BUILD__}`);
}

/** Fetches the shell. Fails where one file is missing: then the browser tries again with its next visit. */
export async function installShell() {
  const cache = await openShell();
  const requests = Object.keys(__SHELL__).map(
    (name) => new Request(`/.crowd/${name}`, { cache: "no-cache" }),
  );
  await cache.addAll(requests);
}

/** Deletes the shells of other builds. */
export async function dropOtherShells() {
  const names = await caches.keys();
  const others = names.filter(
    (name) => name.startsWith(CACHE_PREFIX) && name !== `${CACHE_PREFIX}${__BUILD__}`,
  );
  await Promise.all(others.map((name) => caches.delete(name)));
}

/**
 * One of the app's own files.
 * @param {string} name below `/.crowd/`
 * @returns {Promise<Response>} rejected as fetch is
 */
export async function ownFile(name) {
  const url = `/.crowd/${name}`;
  if (Object.hasOwn(__SHELL__, name)) return (await verified(name, await fromShell(url))) ?? fetch(url);
  try {
    const response = await fetch(url);
    if (response.ok && KEPT_FILES.includes(name)) await keep(url, response.clone());
    return response;
  } catch (error) {
    const kept = KEPT_FILES.includes(name) ? await fromShell(url) : undefined;
    if (kept) return kept;
    throw error;
  }
}

/**
 * What is kept under a name, where it is what this build has under it.
 * @param {string} name
 * @param {Response | undefined} kept
 */
async function verified(name, kept) {
  if (!kept?.ok) return undefined;
  const bytes = new Uint8Array(await kept.arrayBuffer());
  if ((await sha256(bytes)) !== __SHELL__[name]) return undefined;
  return new Response(bytes, { headers: kept.headers });
}

/** @param {string} url */
async function fromShell(url) {
  try {
    return await (await openShell()).match(url, { ignoreVary: true });
  } catch {
    // A browser without room for caches still has the network.
    return undefined;
  }
}

/**
 * @param {string} url
 * @param {Response} response
 */
async function keep(url, response) {
  try {
    await (await openShell()).put(url, response);
  } catch {
    // Without it there is no such page offline, no more.
  }
}
