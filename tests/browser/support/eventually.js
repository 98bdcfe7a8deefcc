// Waiting for what is going to be so, with a deadline: never a fixed sleep.
import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks `probe` again and again until it answers with something; that is the result.
 * What it throws counts as "not yet" and is told when time is up.
 */
export async function eventually(what, probe, { within = 10_000, every = 50 } = {}) {
  const end = Date.now() + within;
  let last = "it never was";
  for (;;) {
    try {
      const found = await probe();
      if (found) return found;
      last = `the last look gave ${JSON.stringify(found)}`;
    } catch (error) {
      last = error.message;
    }
    if (Date.now() > end) throw new Error(`not within ${within} ms: ${what} (${last})`);
    await pause(every);
  }
}

/** Looks for as long as `during` says that `probe` never answers with something. */
export async function never(what, probe, { during = 1_000, every = 50 } = {}) {
  const end = Date.now() + during;
  while (Date.now() < end) {
    const found = await probe();
    if (found) throw new Error(`it must never be: ${what} (${JSON.stringify(found)})`);
    await pause(every);
  }
}

/** `promise`, or an error that says what took too long. */
export async function within(ms, what, promise) {
  const { promise: late, reject } = Promise.withResolvers?.() ?? deferred();
  const timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function deferred() {
  const parts = {};
  parts.promise = new Promise((_, reject) => (parts.reject = reject));
  return parts;
}
