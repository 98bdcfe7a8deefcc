// Answers a navigation with `?crowd-reset`: forgets everything that this origin keeps, this worker too, and leads to the
// address without it. For whoever is stuck with what a project's script has done to its own origin.

import { deleteDatabase } from "../store/layout.js";

const RESET_NAME = "crowd-reset";
/** Databases that other pages don't let go of are deleted once they do; that is not waited for: ms. */
const RESET_PATIENCE = 2_000;

export class Reset {
  /** It has been done: a browser that asks this worker again all the same is not sent back a second time. */
  #done = false;

  /**
   * @param {ServiceWorkerRegistration} registration
   * @param {import("../store/database.js").Store} store
   */
  constructor(registration, store) {
    this.registration = registration;
    this.store = store;
  }

  /**
   * @param {Request} request
   * @param {URL} url
   */
  canHandle({ mode, destination }, url) {
    // Not in a frame: another site could put one anywhere.
    return mode === "navigate" && destination === "document" && url.searchParams.has(RESET_NAME);
  }

  /**
   * @param {FetchEvent} _
   * @param {URL} url
   */
  async handle(_, url) {
    this.store.close();
    await Promise.allSettled([forgetDatabases(), forgetCaches()]);
    await this.registration.unregister();
    // With this worker gone the same address reaches the node, whose answer makes the browser forget what no worker can
    // reach, such as localStorage. Without a node that stays.
    const node = await fetch("/.crowd/config.json", { cache: "no-store" }).catch(() => null);
    const next = node?.ok && !this.#done ? url.href : withoutReset(url);
    this.#done = true;
    return new Response(null, { status: 303, headers: { Location: next, "Cache-Control": "no-store" } });
  }
}

/**
 * The address without the word, its other parameters as they are.
 * @param {URL} url
 */
export function withoutReset(url) {
  const rest = url.search.slice(1).split("&");
  const kept = rest.filter((part) => part.split("=", 1)[0] !== RESET_NAME && part !== "").join("&");
  return url.origin + url.pathname + (kept && `?${kept}`);
}

async function forgetDatabases() {
  const listed = (await indexedDB.databases?.()) ?? [];
  const names = new Set(["crowd", ...listed.map(({ name }) => name ?? "crowd")]);
  await Promise.allSettled([...names].map((name) => deleteDatabase(name, RESET_PATIENCE)));
}

async function forgetCaches() {
  const names = await caches.keys();
  await Promise.all(names.map((name) => caches.delete(name)));
}
