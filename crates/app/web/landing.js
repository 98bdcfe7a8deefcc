// The landing page of a node: opens projects, tells how the node is, and publishes from the browser where it can.

import { pointElsewhere } from "./landing/elsewhere_note.js";
import { HealthLine } from "./landing/health_line.js";
import { OpenedPanel } from "./landing/opened_panel.js";
import { canSign } from "./landing/owner_key.js";
import { pagePart, showPart } from "./landing/page_part.js";
import { ProjectLinks } from "./landing/project_links.js";
import { Publisher } from "./landing/publisher.js";
import { PublisherDatabase } from "./landing/publisher_database.js";
import { watchHealth } from "./landing/health_watch.js";
import { say } from "./view/make.js";

const NO_SECURE_CONTEXT =
  "Publishing from the browser needs a secure address: https, or localhost on this computer. The command works anywhere.";
const NO_ED25519 =
  "This browser can’t make the signatures that publishing needs (Ed25519). A newer one can, and so can the command.";
const NO_STORAGE =
  "This browser keeps nothing for this page, as in some private windows, so it can’t publish from here.";

/** The domain that projects have their origins under, as the node wrote it into the page. */
function writtenDomain() {
  const written = document.querySelector('meta[name="crowd-domain"]')?.getAttribute("content")?.trim() ?? "";
  return written.includes("{") ? "" : written;
}

function fillInAddresses() {
  for (const place of document.querySelectorAll("[data-origin]")) say(place, location.origin);
  for (const place of document.querySelectorAll("[data-host]")) say(place, location.host);
}

/**
 * Why nothing can be published from here; empty where it can.
 */
async function whyNoPublishing() {
  if (!isSecureContext || !navigator.locks) return NO_SECURE_CONTEXT;
  return (await canSign()) ? "" : NO_ED25519;
}

async function openPublisherDatabase() {
  try {
    return await PublisherDatabase.open();
  } catch {
    return null;
  }
}

/** No worker has anything to answer for here, where keys are kept. */
async function dropWorkers() {
  const registrations = (await navigator.serviceWorker?.getRegistrations()) ?? [];
  await Promise.all(registrations.map((registration) => registration.unregister()));
}

async function run() {
  void dropWorkers().catch(() => {});
  fillInAddresses();
  showPart(pagePart("plain", HTMLElement), !isSecureContext);
  const links = new ProjectLinks(location, writtenDomain());
  const line = new HealthLine();
  let everHeard = false;
  const onHealth = (/** @type {import("./landing/node_watch.js").NodeHealth} */ health) => {
    line.show(health);
    if (!everHeard && !health.connected && health.failed) void pointElsewhere(links);
    everHeard ||= health.connected || health.failed;
  };
  new OpenedPanel(links).resume();
  const why = await whyNoPublishing();
  const database = why ? null : await openPublisherDatabase();
  if (!database) {
    const not = pagePart("publish-not", HTMLElement);
    say(not, why || NO_STORAGE);
    showPart(not, true);
    watchHealth(onHealth);
    return;
  }
  pagePart("command", HTMLDetailsElement).open = false;
  await new Publisher({ database, links, onHealth }).start();
}

void run();
