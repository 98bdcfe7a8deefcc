// The service worker of a project's origin: answers the site's requests from verified chunks. All it does is in `serve/`.

import { dropOtherShells, installShell } from "./serve/app_shell.js";
import { SiteWorker } from "./serve/site_worker.js";

/** @type {any} */
const self_ = self;
/** @type {ServiceWorkerGlobalScope} */
const scope = self_;
const siteWorker = new SiteWorker(scope);

scope.addEventListener("install", (event) =>
  event.waitUntil(Promise.all([installShell(), scope.skipWaiting()])),
);
scope.addEventListener("activate", (event) =>
  event.waitUntil(Promise.all([dropOtherShells(), scope.clients.claim()])),
);
scope.addEventListener("fetch", (event) => siteWorker.fetch(event));
scope.addEventListener("message", (event) => siteWorker.message(event));
