// The worker as a whole: which handler answers a request, and what pages may ask of it. `worker.js` connects it to the
// browser's events.

import { CrowdError, asCrowdError } from "../protocol/crowd_error.js";
import { Nodes } from "../net/nodes.js";
import { openStore } from "../store/database.js";
import { ForeignFiles } from "./foreign_files.js";
import { News } from "./news.js";
import { Opening } from "./opening.js";
import { isNodesOwn, OwnFiles } from "./own_files.js";
import { Place } from "./place.js";
import { Priming } from "./priming.js";
import { RootedFiles } from "./rooted_files.js";
import { ServedSites } from "./served_sites.js";
import { SiteFiles } from "./site_files.js";
import { Views } from "./views.js";
import { parseWorkerMessage } from "./worker_message.js";

/** Messages of pages that are worked on at a time; a page that floods the worker keeps itself waiting. */
const MESSAGES_AT_ONCE = 8;

export class SiteWorker {
  #working = 0;

  /** @param {ServiceWorkerGlobalScope} scope */
  constructor(scope) {
    const store = openStore();
    const place = new Place(scope.location, store);
    const news = new News(store, new BroadcastChannel("crowd"));
    const nodes = new Nodes(place.origin, store.settings);
    const sites = new ServedSites({ store, nodes, news, project: place.project });
    const views = new Views(store, scope.clients);
    const parts = { store, sites, views, place, news };
    const foreign = new ForeignFiles(parts);
    const own = new SiteFiles(parts);
    this.store = store;
    this.place = place;
    this.priming = new Priming(parts);
    this.opening = new Opening(parts);
    /** In the order in which they are asked. */
    this.handlers = [foreign, new OwnFiles(), new RootedFiles(foreign, own), own];
  }

  /** @param {FetchEvent} event */
  fetch(event) {
    const { request } = event;
    const url = new URL(request.url);
    const ours = url.origin === this.place.origin && this.place.isProject;
    if (!ours || !["GET", "HEAD"].includes(request.method) || isNodesOwn(url)) return;
    // What this worker and a project's script have done to the origin, the node's answer undoes.
    if (request.mode === "navigate" && url.searchParams.has("crowd-reset")) return;
    const handler = this.handlers.find((candidate) => candidate.canHandle(request, url));
    if (handler) event.respondWith(handler.handle(event, url));
  }

  /** @param {ExtendableMessageEvent} event */
  message(event) {
    const message = parseWorkerMessage(event.data, this.place.origin);
    const [port] = event.ports;
    if (!message || !this.place.isProject) return;
    const client = event.source instanceof Client ? event.source.id : "";
    event.waitUntil(this.#work(message, client).then((answer) => port?.postMessage(answer)));
  }

  /**
   * @param {import("./worker_message.js").WorkerMessage} message
   * @param {string} client
   */
  async #work(message, client) {
    if (this.#working >= MESSAGES_AT_ONCE)
      return failed(new CrowdError("rate_limited", "one thing at a time"));
    this.#working += 1;
    try {
      return { ok: true, ...(await this.#carryOut(message, client)) };
    } catch (error) {
      return failed(error);
    } finally {
      this.#working -= 1;
    }
  }

  /**
   * @param {import("./worker_message.js").WorkerMessage} message
   * @param {string} client
   * @returns {Promise<object>}
   */
  async #carryOut(message, client) {
    if (message.t === "prime") return this.priming.prime(message, client);
    if (message.t === "open") {
      await this.opening.open(message.page);
      return {};
    }
    const { version } = message;
    const site = await this.store.sites.get("");
    // An older one was left for a reason, and no page may bring it back.
    if (!site || version < site.active)
      throw new CrowdError("stale_version", "a newer version is shown already");
    await this.store.sites.activate("", version);
    return { version };
  }
}

/** @param {unknown} thrown */
function failed(thrown) {
  const { code, message, trace = null, asked = [] } = asCrowdError(thrown);
  return { ok: false, error: { code, message, trace, asked } };
}
