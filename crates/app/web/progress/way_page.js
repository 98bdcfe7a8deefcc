// The parts of the progress page, and what it shows: how far the site has come, or why it can't be had.
import { byteSize, counted } from "../view/byte_size.js";
import { make, say } from "../view/make.js";
import { namedPart } from "../view/named_part.js";
import { failureWords } from "./page_failure.js";

/** @typedef {{code: string, trace: string, asked: {node: string, code: string}[]}} PageFailure */

/**
 * @typedef {object} PageProgress
 * @property {"resolve" | "manifest" | "file"} step
 * @property {number} files
 * @property {number} filesDone
 * @property {number} bytes
 * @property {number} bytesDone
 * @property {number} peers
 */

const STEPS = ["resolve", "manifest", "file"];

export class WayPage {
  constructor() {
    this.main = namedPart("way", HTMLElement);
    this.title = namedPart("title", HTMLElement);
    this.message = namedPart("message", HTMLElement);
    this.hint = namedPart("hint", HTMLElement);
    this.stages = namedPart("stages", HTMLElement);
    this.bar = namedPart("bar", HTMLProgressElement);
    this.again = namedPart("again", HTMLAnchorElement);
    this.asked = namedPart("asked", HTMLElement);
    this.trace = namedPart("trace", HTMLElement);
    this.copy = namedPart("copy", HTMLButtonElement);
    this.said = namedPart("say", HTMLElement);
    const { project = "", form = "", code = "", trace = "" } = this.main.dataset;
    this.project = project;
    this.form = form;
    /** @type {PageFailure} that the page came with */
    this.served = { code, trace, asked: [{ node: location.host, code }] };
    this.peers = 0;
    this.code = code;
    this.copy.onclick = async () => {
      await navigator.clipboard
        .writeText(this.trace.textContent)
        .catch(() => getSelection()?.selectAllChildren(this.trace));
      say(this.said, "Copied.");
      say(this.copy, "Copied");
    };
    // What the page came with is better than none.
    this.#trace(trace || this.served.trace);
  }

  /** It has begun, or begun again. */
  begin() {
    this.main.dataset.state = "going";
    this.#words("On its way", "The site comes from those who have a copy, and is checked here.", "");
    this.stages.hidden = false;
    this.again.hidden = true;
    this.asked.hidden = true;
    this.#trace("");
    this.#step("resolve", "");
    this.bar.removeAttribute("value");
  }

  /** @param {PageProgress} progress */
  show({ step, files, filesDone, bytes, bytesDone, peers }) {
    const hosts = peers ? ` from ${counted(peers, "host")}` : "";
    this.peers = peers || this.peers;
    const amount = bytes ? `, ${byteSize(bytesDone)} of ${byteSize(bytes)}` : "";
    const told = step === "file" ? `${filesDone} of ${counted(files, "file")}${amount}${hosts}` : "";
    this.#step(step, told);
    if (bytes || files) this.bar.value = bytes ? bytesDone / bytes : filesDone / files;
  }

  /** @param {PageFailure} failure */
  fail({ code, trace, asked }) {
    const words = failureWords(code === "network" && !navigator.onLine ? "offline" : code);
    this.main.dataset.state = "failed";
    this.main.dataset.code = code;
    // What came with the page says it well enough.
    if (words) this.#words(words.title, words.message, words.hint);
    else if (code !== this.code) this.#words("It can’t be had", `The answer was “${code}”.`, "");
    if (words?.way) this.hint.append(" ", wayOut(words.way, this.project));
    this.stages.hidden = true;
    this.again.hidden = false;
    this.#trace(trace);
    const rows = asked.map((one) => make("div", {}, make("dt", {}, one.node), make("dd", {}, one.code)));
    this.asked.querySelector("dl")?.replaceChildren(...rows);
    this.asked.hidden = rows.length === 0;
  }

  /** It can be had, and this page has loaded again by itself once already. */
  arrived() {
    this.main.dataset.state = "arrived";
    this.#words("It is here", "", "");
    this.stages.hidden = true;
    this.again.hidden = false;
    say(this.again, "Open it");
  }

  /**
   * @param {string} title
   * @param {string} message
   * @param {string} hint
   */
  #words(title, message, hint) {
    document.title = this.project ? `${title} · ${this.project}` : title;
    say(this.title, title);
    say(this.message, message);
    say(this.hint, hint);
    say(this.said, title);
  }

  /** @param {string} trace */
  #trace(trace) {
    say(this.trace, trace);
    say(this.copy, "Copy");
    this.copy.hidden = trace === "" || !navigator.clipboard;
  }

  /**
   * @param {string} now
   * @param {string} told
   */
  #step(now, told) {
    for (const item of this.stages.children) {
      if (!(item instanceof HTMLElement)) continue;
      const [at, to] = [item.dataset.stage ?? "", now].map((name) => STEPS.indexOf(name));
      item.dataset.state = at < to ? "done" : at === to ? "now" : "";
      if (at === to) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
      const place = item.querySelector(".told");
      if (place && at >= to) say(place, at === to ? told : "");
      if (place && at === 0 && to > 0 && this.peers) say(place, `${counted(this.peers, "host")} here now`);
    }
  }
}

/**
 * @param {"publish" | "manage" | "home"} way
 * @param {string} project
 */
function wayOut(way, project) {
  if (way === "manage") return make("a", { href: "/.crowd/manage#owner" }, "Decide about it");
  if (way === "home") return make("a", { href: "/" }, "Its first page");
  const { protocol, host, hostname } = location;
  const node = hostname.startsWith(`${project}.`) ? host.slice(project.length + 1) : host;
  return make("a", { href: `${protocol}//${node}/#publish` }, "Publish a site of this name");
}
