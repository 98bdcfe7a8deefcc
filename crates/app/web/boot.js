// The entry of every page of a project, behind its document: keeps crowd links working, makes the visitor a host and shows
// the badge. Each part is on its own, so that none can break another, and none the page.

import { Links } from "./links/crowd_links.js";
import { HostLink } from "./page/host_link.js";
import { keepWorker } from "./page/kept_worker.js";
import { LinkWatcher } from "./page/link_watcher.js";
import { LoadedFiles } from "./page/loaded_files.js";
import { documentParsed, pageLoaded } from "./page/page_moments.js";
import { findPagePlace } from "./page/page_place.js";
import { PageVisit } from "./page/page_visit.js";
import { quietly } from "./page/quietly.js";
import { canVerify } from "./protocol/ed25519.js";

/** @typedef {import("./page/page_place.js").PagePlace} PagePlace */

const BOOT_TAG = "script[data-project][data-version]";

/** Modules have no `document.currentScript`: the tag is found by what the node and the worker write, the last in the page. */
function readBootTag() {
  const tag = [...document.querySelectorAll(BOOT_TAG)].at(-1);
  return tag instanceof HTMLElement ? tag.dataset : {};
}

/** @param {PagePlace} place */
async function keepLinks({ project, base, scheme, form }) {
  // A sandboxed page has no origin, and may not even ask for workers.
  const workers = form === "own" ? navigator.serviceWorker : undefined;
  const links = new Links({ project, base, scheme, form, servers: [], controlled: !!workers?.controller });
  workers?.addEventListener("controllerchange", () => (links.controlled = !!workers.controller));
  const watcher = new LinkWatcher(links);
  watcher.watch(document);
  await documentParsed();
  watcher.scan(document);
}

/** @param {PagePlace} place */
async function visitPage(place) {
  if (!place.mayVisit || !navigator.serviceWorker) return;
  const loaded = new LoadedFiles(location.origin);
  const channel = new BroadcastChannel("crowd");
  await pageLoaded();
  if (!(await canVerify())) return;
  const visit = new PageVisit(place, channel);
  const host = new HostLink(channel, Reflect.get(navigator, "connection"));
  await quietly("states", () => visit.tell(loaded));
  void quietly("worker", () => visit.register());
  await quietly("host", () => host.start());
  await quietly("badge", () => showPageBadge(place, channel));
  // The badge has just begun to listen.
  host.hello();
}

/**
 * @param {PagePlace} place
 * @param {BroadcastChannel} channel
 */
async function showPageBadge({ project, version }, channel) {
  // @ts-expect-error the node has it there
  const { showBadge } = await import("/.crowd/badge.js");
  await showBadge({ channel, project, version });
}

async function bootPage() {
  const { hostname, host, protocol } = location;
  const place = findPagePlace({
    tag: readBootTag(),
    location: { hostname, host, protocol },
    origin: self.origin,
    framed: window.top !== window,
    secure: isSecureContext,
  });
  if (!place) return;
  if (place.mayVisit && navigator.serviceWorker) keepWorker();
  void quietly("links", () => keepLinks(place));
  await quietly("visit", () => visitPage(place));
}

void bootPage();
