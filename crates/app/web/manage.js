// The page at /.crowd/manage of a project's origin: what this browser keeps of the site and gives to others, and every
// choice about it. It reads the store itself, so that it works without host, worker or network.
import { readHostNews } from "./badge/host_status.js";
import { decideHosting } from "./host/hosting_policy.js";
import { eraseOrigin } from "./manage/erase_origin.js";
import { readKeptSite } from "./manage/kept_site.js";
import { LimitsForm } from "./manage/limits_form.js";
import { ManageView } from "./manage/manage_view.js";
import { askNodeAbout } from "./manage/node_word.js";
import { ReportLines } from "./manage/report_lines.js";
import { isSure } from "./manage/sure.js";
import { choose, readChoices } from "./manage/told_choices.js";
import { isMetered } from "./page/metered.js";
import { openStore } from "./store/database.js";
import { makeRoom } from "./store/eviction.js";

/** Milliseconds between two looks at the store, however often the host tells of itself. */
const LOOK_PACE = 1_000;
/** Milliseconds for a host to let go of the store before it is deleted. */
const LETTING_GO = 400;
/** By which a host knows this page. */
const PAGE_ID = crypto.randomUUID();

const store = openStore();
const channel = new BroadcastChannel("crowd");
/** @type {import("./badge/host_status.js").HostNews | null} */
let host = null;
/** @type {import("./manage/node_word.js").NodeWord | null} */
let word = null;
let isErased = false;
let isLooking = false;
let isStale = false;

const view = new ManageView({ hosting, keepAll, badge, acceptOwner, erase });
const report = new ReportLines((text) => view.tell(text));
const limits = new LimitsForm(limit);

function isMeteredHere() {
  return isMetered(/** @type {any} */ (navigator).connection);
}

function hello() {
  channel.postMessage({ t: "hello", metered: isMeteredHere(), page: PAGE_ID });
}

async function look() {
  isStale = true;
  if (isLooking || isErased) return;
  isLooking = true;
  isStale = false;
  try {
    const [kept, choices] = [await readKeptSite(store), await readChoices(store)];
    const [today, total] = [await store.counters.today(), await store.counters.total()];
    view.showKept(kept, choices.storageBytes);
    view.showGiven({ today, total }, choices.uploadPerDay);
    if (host) view.showHost(host);
    const facts = { policy: choices.policy, choice: choices.hosting, metered: isMeteredHere() };
    const state = host?.hosting ?? decideHosting({ ...facts, spent: today.up >= choices.uploadPerDay });
    view.showChoices(choices, state, kept.files > 0 && kept.filesDone === kept.files);
    limits.show(choices);
    const { site } = kept;
    const offered = site && word?.release && word.release.owner !== site.owner ? word.release.owner : "";
    view.showOwners(site?.owner ?? "", offered);
    const { node = location.host, trace = "", release = null } = word ?? {};
    const version = site?.active || release?.version || 0;
    report.show({ project: view.project, version, owner: site?.owner ?? release?.owner ?? "", node, trace });
  } catch (error) {
    view.tell(
      `The storage of this browser can’t be read: ${error instanceof Error ? error.message : error}.`,
    );
  } finally {
    isLooking = false;
  }
  if (isStale) await look();
}

/**
 * Carries out what a person chose, and shows what it came to.
 * @param {Promise<unknown>} done
 * @param {string} told
 */
async function settle(done, told) {
  try {
    await done;
    view.tell(told);
  } catch (error) {
    view.tell(`That could not be kept: ${error instanceof Error ? error.message : error}.`);
  }
  await look();
}

/** @param {boolean} on */
function hosting(on) {
  if (host) host.hosting = on ? "on" : "off";
  const told = on ? "You help host this site." : "Hosting is stopped. What you have stays here for you.";
  void settle(choose(store, channel, "hosting", on ? "on" : "off"), told);
}

/** @param {boolean} on */
function keepAll(on) {
  if (on) void navigator.storage?.persist?.();
  void settle(
    choose(store, channel, "keepAll", on),
    on ? "All of it will be kept." : "What is seen is kept.",
  );
}

/** @param {boolean} on */
function badge(on) {
  const told = on ? "The badge is back on the next page." : "The badge is hidden from the next page on.";
  void settle(store.settings.set("badge", on ? "shown" : "hidden"), told);
}

/**
 * @param {import("./manage/limits_form.js").LimitName} name
 * @param {number} bytes
 */
function limit(name, bytes) {
  void settle(setLimit(name, bytes), "Saved.");
}

/**
 * @param {import("./manage/limits_form.js").LimitName} name
 * @param {number} bytes
 */
async function setLimit(name, bytes) {
  await choose(store, channel, name, bytes);
  const over = name === "storageBytes" ? (await store.chunks.size()) - bytes : 0;
  if (over > 0) await makeRoom(store, over);
}

async function acceptOwner() {
  const owner = word?.release?.owner;
  const text = "What the old owner published is forgotten here, and the new owner’s site opens in its place.";
  const words = { title: "Accept the new owner?", text, yes: "Accept", no: "Leave it as it is" };
  if (!owner || !(await isSure(words))) return;
  await settle(
    store.sites.acceptOwner("", owner),
    "Accepted. The site opens as its new owner has published it.",
  );
}

async function erase() {
  const text =
    "Its files, what it stored itself, and your choices for it go. You host it no more. " +
    "Close its other tabs first: they would begin to keep it again.";
  if (!(await isSure({ title: "Delete everything of this site?", text, yes: "Delete", no: "Keep it" })))
    return;
  isErased = true;
  channel.postMessage({ t: "stop" });
  channel.close();
  store.close();
  await new Promise((resolve) => setTimeout(resolve, LETTING_GO));
  if (await eraseOrigin()) view.showNothing();
  else
    view.tell(
      "Not all of it could be deleted: close the other tabs of this site, load this page again, and repeat it.",
    );
}

let lookedAt = -Infinity;
channel.addEventListener("message", ({ data }) => {
  if (data?.t === "who") hello();
  if (data?.t !== "status") return;
  host = readHostNews(data);
  if (performance.now() - lookedAt < LOOK_PACE) return;
  lookedAt = performance.now();
  void look();
});
document.addEventListener("visibilitychange", () => void (document.hidden || look()));

addEventListener("pagehide", () => isErased || channel.postMessage({ t: "bye", page: PAGE_ID }));
hello();
void askNodeAbout(view.project).then((answer) => {
  word = answer;
  return look();
});
void look();
