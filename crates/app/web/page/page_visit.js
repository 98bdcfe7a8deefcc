// The visit of one page: tells the states that only the page can know of, starts the worker, and gives it what the browser
// has fetched already, so that nothing is fetched twice. Run by boot when the page has loaded.

import { emitState } from "../host/states.js";
import { askWorker } from "../view/ask_worker.js";
import { ownAddress } from "./own_address.js";
import { isFromNode } from "./page_timing.js";
import { fileStates, pageStates, parsedState, readablePath } from "./visit_states.js";

/** @typedef {import("./page_place.js").PagePlace} PagePlace */
/** @typedef {import("./visit_states.js").VisitState} VisitState */

/** What a page loads or leads to. */
const LINKING =
  "[src],[srcset],[poster],[data],a[href],area[href],link[href],form[action],image[href],use[href]";
/** How long a worker may take with what it is given: milliseconds. */
const PRIMING_PATIENCE = 120_000;

const WORKER_SCRIPT = "/.crowd/worker.js";

export class PageVisit {
  #place;
  #channel;
  #navigation;
  /** As it was opened: a script may have changed the address since. */
  #address;
  #isFromNode;
  /** @type {string[]} what the worker was not given yet */
  #urls = [];
  /** @type {ServiceWorker | null} */
  #worker = null;
  #priming = false;

  /**
   * @param {PagePlace} place
   * @param {BroadcastChannel} channel
   */
  constructor(place, channel) {
    this.#place = place;
    this.#channel = channel;
    const [navigation] = performance.getEntriesByType("navigation");
    this.#navigation = navigation instanceof PerformanceNavigationTiming ? navigation : null;
    this.#address = new URL(this.#navigation?.name ?? location.href);
    // The node has rendered this page, and no worker has seen it.
    this.#isFromNode = this.#navigation !== null && isFromNode(this.#navigation);
  }

  /** @param {import("./loaded_files.js").LoadedFiles} loaded */
  tell(loaded) {
    const files = loaded.take((more) => this.#more(more));
    const links = document.querySelectorAll(LINKING).length;
    const parsed = parsedState({ firstRequested: loaded.firstRequested, links, now: performance.now() });
    const page = this.#navigation && this.#isFromNode ? pageStates(this.#navigation, parsed) : [];
    const path = readablePath(this.#address.pathname);
    for (const state of [...page, parsed]) this.#emit({ ...state, detail: { path, ...state.detail } });
    this.#more(files);
  }

  /** Starts the worker where the page has none, and gives it what is here. */
  async register() {
    const { serviceWorker } = navigator;
    const register = () =>
      serviceWorker.register(ownAddress(WORKER_SCRIPT), { type: "module", scope: ownAddress("/") });
    // Also where there is one: it costs nothing then, and brings back what the site has just unregistered.
    await register();
    this.#worker = (await serviceWorker.ready).active;
    if (this.#isFromNode) await this.#prime();
    // The site may have been quicker than what keeps it from that.
    if (!(await serviceWorker.getRegistration("/"))) await register();
  }

  /** @param {PerformanceResourceTiming[]} files */
  #more(files) {
    if (!this.#isFromNode) return;
    for (const state of fileStates(files)) this.#emit(state);
    this.#urls.push(...files.map(({ name }) => name));
    if (this.#worker && files.length > 0) void this.#prime().catch(() => {});
  }

  /** One message at a time; what is loaded meanwhile goes into the next. */
  async #prime() {
    const { version } = this.#place;
    if (this.#priming || !this.#worker || version === null) return;
    this.#priming = true;
    try {
      const path = this.#address.pathname + this.#address.search;
      do {
        const question = { t: "prime", version, path, urls: this.#urls.splice(0) };
        await askWorker(this.#worker, question, PRIMING_PATIENCE);
      } while (this.#urls.length > 0);
    } finally {
      this.#priming = false;
    }
  }

  /** @param {VisitState} state */
  #emit({ state, at, detail }) {
    const { project, version } = this.#place;
    emitState(this.#channel, state, { project, version, ...detail }, performance.timeOrigin + at);
  }
}
