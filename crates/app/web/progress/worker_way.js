// The way through the service worker: it fetches what this page needs, checks it, and tells how far it is.
import { askWorker } from "../view/ask_worker.js";

/** @typedef {import("./way_page.js").PageFailure} PageFailure */
/** @typedef {import("./way_page.js").PageProgress} PageProgress */

/** Milliseconds without a word from the worker after which it counts as lost. */
const WORKER_PATIENCE = 45_000;
const STEP_NAMES = ["resolve", "manifest", "file"];

/**
 * Whether a worker may answer for all of this page's origin. Only who made the page knows that it is a project's own: a
 * node's host name may begin like a project's.
 * @param {string} form how the page was addressed: "own" or "path"
 */
export function hasOwnWorker(form) {
  return form === "own" && isSecureContext && !!navigator.serviceWorker;
}

/**
 * @param {(progress: PageProgress) => void} onProgress
 * @returns {Promise<PageFailure | null>} null when everything is there
 */
export async function openByWorker(onProgress) {
  const worker = await activeWorker();
  if (!worker) return { code: "unsupported", trace: "", asked: [] };
  const channel = new BroadcastChannel("crowd");
  return new Promise((resolve) => {
    /** @param {PageFailure | null} failure */
    const end = (failure) => {
      clearTimeout(timer);
      channel.close();
      resolve(failure);
    };
    const lost = () => end({ code: "timeout", trace: "", asked: [] });
    let timer = setTimeout(lost, WORKER_PATIENCE);
    channel.onmessage = ({ data }) => {
      if (data?.t !== "progress" || data.path !== location.pathname) return;
      clearTimeout(timer);
      timer = setTimeout(lost, WORKER_PATIENCE);
      if (data.step === "done") end(null);
      else if (data.step === "failed") end(failureOf(data.error));
      else if (STEP_NAMES.includes(data.step)) onProgress(progressOf(data));
    };
    void askWorker(worker, { t: "open", url: location.href }, WORKER_PATIENCE).then((answer) => {
      const { ok, error } = /** @type {any} */ (answer ?? {});
      if (ok === true) end(null);
      if (ok === false) end(failureOf(error));
    });
  });
}

async function activeWorker() {
  try {
    const container = navigator.serviceWorker;
    await container.register("/.crowd/worker.js", { scope: "/", type: "module" });
    return (await container.ready).active;
  } catch {
    return null;
  }
}

/**
 * @param {any} data
 * @returns {PageProgress}
 */
function progressOf({ step, files, filesDone, bytes, bytesDone, peers }) {
  /** @param {unknown} value */
  const whole = (value) => (Number.isSafeInteger(value) && Number(value) >= 0 ? Number(value) : 0);
  return {
    step,
    files: whole(files),
    filesDone: whole(filesDone),
    bytes: whole(bytes),
    bytesDone: whole(bytesDone),
    peers: whole(peers),
  };
}

/**
 * @param {any} error
 * @returns {PageFailure}
 */
function failureOf(error) {
  /** @param {unknown} value */
  const short = (value) => (typeof value === "string" ? value.slice(0, 100) : "");
  const asked = Array.isArray(error?.asked) ? error.asked.slice(0, 8) : [];
  return {
    code: short(error?.code) || "internal",
    trace: short(error?.trace),
    asked: asked.map((/** @type {any} */ one) => ({ node: short(one?.node), code: short(one?.code) })),
  };
}
