// The form that publishes: it joins files, name and key, starts the publication, shows its stages, and says what came of
// it. The same stages show a roll-back.

import { CrowdError } from "../protocol/crowd_error.js";
import { byteSize, counted } from "../view/byte_size.js";
import { make, say } from "../view/make.js";
import { DraftPanel } from "./draft_panel.js";
import { sayFailure } from "./failure_words.js";
import { nameOfFolder } from "./folder_rules.js";
import { NamePanel } from "./name_panel.js";
import { makeButton, pagePart, showPart } from "./page_part.js";
import { StagesView } from "./stages_view.js";

/**
 * @typedef {import("./publication.js").Stage} Stage
 * @typedef {import("./publication.js").Published} Published
 * @typedef {(onStage: (stage: Stage) => void, signal: AbortSignal) => Promise<Published>} Work
 */

export class PublishPanel {
  /** What is published or was last, until its hosts are counted. @type {string | null} */
  following = null;
  drafts;
  names;
  #parts;
  #stages = new StagesView();
  #form = pagePart("publisher", HTMLFormElement);
  #go = pagePart("go", HTMLButtonElement);
  #stop = pagePart("stop", HTMLButtonElement);
  #spa = pagePart("spa", HTMLInputElement);
  #problem = pagePart("publish-problem", HTMLElement);
  #result = pagePart("result", HTMLElement);
  /** @type {AbortController | null} */
  #running = null;
  /** The draft that was there before. @type {import("./draft.js").Draft | null} */
  #known = null;

  /**
   * @param {object} parts
   * @param {string} parts.server
   * @param {import("./project_links.js").ProjectLinks} parts.links
   * @param {() => string | null} parts.owner
   * @param {(name: string) => Promise<import("../protocol/release.js").Release | null>} parts.find
   * @param {(site: { name: string, spa: boolean, files: { path: string, blob: Blob }[] }) => Work} parts.publish
   * @param {(busy: boolean) => void} parts.onBusy
   * @param {() => boolean} parts.onlyCopy whether the key has to be exported yet
   * @param {() => Promise<void>} parts.onExport
   */
  constructor(parts) {
    this.#parts = parts;
    const { server, links, owner, find } = parts;
    this.names = new NamePanel({ find, owner, links, onChange: () => this.#settle() });
    this.drafts = new DraftPanel(server, () => this.#draftChanged());
    this.#go.setAttribute("aria-describedby", "publish-problem");
    this.#stop.addEventListener("click", () =>
      this.#running?.abort(new CrowdError("stopped", "It was stopped")),
    );
    this.#form.addEventListener("input", () => say(this.#problem, ""));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
  }

  /**
   * Fills in the form for a project that was published from here.
   * @param {string} name
   */
  again(name) {
    this.names.set(name);
    showPart(this.#result, false);
    this.#form.scrollIntoView({ block: "start" });
  }

  /**
   * Runs a publication and shows how far it is.
   * @param {string} name
   * @param {boolean} hashes
   * @param {Work} work
   */
  async run(name, hashes, work) {
    if (this.#running) return;
    const running = new AbortController();
    this.#running = running;
    this.#busy(true);
    say(this.#problem, "");
    showPart(this.#result, false);
    this.following = null;
    this.#stages.begin(hashes);
    this.#problem.scrollIntoView({ block: "nearest" });
    try {
      const published = await work((stage) => this.#stages.show(stage), running.signal);
      this.following = name;
      this.#stages.published(`version ${published.release.version}`);
      this.#showResult(name, published);
    } catch (error) {
      this.#stages.failed();
      say(this.#problem, sayFailure(error));
    } finally {
      this.#running = null;
      this.#busy(false);
      this.names.look();
    }
  }

  /**
   * @param {string} name
   * @param {number} hosts
   */
  hosted(name, hosts) {
    if (name === this.following) this.#stages.hosted(hosts);
  }

  /** Where there is another copy of the key now, nobody is warned any more. */
  keyChanged() {
    if (!this.#parts.onlyCopy()) this.#result.querySelector(".warn")?.remove();
  }

  async #submit() {
    const { draft } = this.drafts;
    const problem = this.#whyNotYet();
    say(this.#problem, problem);
    if (problem || !draft) return;
    const { name } = this.names;
    const spa = this.#spa.checked;
    await this.run(name, true, async (onStage, signal) => {
      const files = await draft.published(name);
      return this.#parts.publish({ name, spa, files })(onStage, signal);
    });
  }

  #whyNotYet() {
    const { draft } = this.drafts;
    if (!draft) return "Choose the files first.";
    const [problem = ""] = draft.problems();
    if (problem) return problem;
    const { kind, text } = this.names.state;
    if (kind === "empty" || kind === "invalid" || kind === "taken") {
      this.names.focus();
      return kind === "empty" ? "Give the site a name first." : text;
    }
    return "";
  }

  #draftChanged() {
    const { draft } = this.drafts;
    if (draft && draft.title) this.names.propose(nameOfFolder(draft.title));
    if (draft && draft !== this.#known && draft.spa !== null) this.#spa.checked = draft.spa;
    this.#known = draft;
    say(this.#problem, "");
    this.#settle();
  }

  /** What the button says. */
  #settle() {
    const version = this.names?.state.version ?? 0;
    if (!this.#running) say(this.#go, version > 0 ? `Publish version ${version + 1}` : "Publish");
  }

  /** @param {boolean} busy */
  #busy(busy) {
    for (const control of this.#form.elements) {
      if (control === this.#stop || control instanceof HTMLOutputElement) continue;
      if ("disabled" in control) control.disabled = busy;
    }
    showPart(this.#stop, busy);
    this.#form.setAttribute("aria-busy", String(busy));
    this.#parts.onBusy(busy);
    this.#settle();
  }

  /**
   * @param {string} name
   * @param {Published} published
   */
  #showResult(name, { release, changed, files, size }) {
    const { links, onlyCopy, onExport } = this.#parts;
    const url = links.full(name);
    const title = changed ? `${name} is published` : `${name} is published already`;
    const what = `${counted(files, "file")}, ${byteSize(size)}`;
    const said = changed
      ? `Version ${release.version}: ${what}.`
      : `Nothing changed: version ${release.version}, ${what}.`;
    const link = make("p", { class: "link" }, make("a", { href: url }, url));
    const copy = makeButton("Copy the link", async () => {
      await navigator.clipboard.writeText(url);
      say(copy, "Copied");
    });
    link.append(" ", copy);
    const crowd = make(
      "p",
      { class: "quiet" },
      "In pages of the crowd it is ",
      make("code", {}, links.crowd(name)),
    );
    this.#result.replaceChildren(make("h4", {}, title), make("p", {}, said), link, crowd);
    if (onlyCopy()) {
      const warning = make(
        "p",
        { class: "note warn" },
        "This browser has the only copy of the key that owns this name. ",
      );
      warning.append(makeButton("Export the key", onExport));
      this.#result.append(warning);
    }
    showPart(this.#result, true);
    this.#result.focus();
  }
}
