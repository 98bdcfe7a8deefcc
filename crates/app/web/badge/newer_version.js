// Brings the newer version of a site onto the page: tells the worker that a person wants it, then loads again.
import { askWorker } from "../view/ask_worker.js";

/** Milliseconds. A worker that says nothing is no reason to keep the person waiting: loading again helps as well. */
const ACCEPT_PATIENCE = 3_000;

/** @param {number} version */
export async function showVersion(version) {
  const container = navigator.serviceWorker;
  const worker = container?.controller ?? (await container?.getRegistration("/"))?.active;
  if (worker) await askWorker(worker, { t: "accept", version }, ACCEPT_PATIENCE);
  location.reload();
}
