// Deletes everything that this browser keeps for this origin: the worker, the app's store, and what the site itself has
// kept. Called by the manage page once a person has said so twice.
import { deleteDatabase } from "../store/layout.js";

/** The app's own database, which is deleted even where a browser can't list databases. */
const OWN_DATABASE = "crowd";

/** @returns {Promise<boolean>} whether all of it is gone */
export async function eraseOrigin() {
  const done = await Promise.allSettled([eraseWorkers(), eraseCaches(), eraseDatabases(), eraseTexts()]);
  return done.every(({ status }) => status === "fulfilled");
}

async function eraseWorkers() {
  const registrations = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(registrations.map((registration) => registration.unregister()));
}

async function eraseCaches() {
  if (!("caches" in globalThis)) return;
  const names = await caches.keys();
  await Promise.all(names.map((name) => caches.delete(name)));
}

async function eraseDatabases() {
  const known = (await indexedDB.databases?.()) ?? [];
  const names = new Set([OWN_DATABASE, ...known.flatMap(({ name }) => name ?? [])]);
  await Promise.all([...names].map((name) => deleteDatabase(name)));
}

async function eraseTexts() {
  localStorage.clear();
  sessionStorage.clear();
}
