// The second step of publishing: the site's name, checked as it is typed, and where the site will be.

import { isProjectName } from "../protocol/name.js";
import { say } from "../view/make.js";
import { nameStateOfRelease, nameStateOfText, nameStateUnknown } from "./name_state.js";
import { pagePart } from "./page_part.js";

/** @typedef {import("./name_state.js").NameState} NameState */

/** A name is looked up when the person pauses. */
const PAUSE_MS = 300;

export class NamePanel {
  /** @type {NameState} */
  state = nameStateOfText("");
  #input = pagePart("name", HTMLInputElement);
  #says = pagePart("name-state", HTMLElement);
  #address = pagePart("name-address", HTMLElement);
  #find;
  #owner;
  #links;
  #onChange;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {object} parts
   * @param {(name: string) => Promise<import("../protocol/release.js").Release | null>} parts.find the newest release
   * @param {() => string | null} parts.owner of the key that is here
   * @param {import("./project_links.js").ProjectLinks} parts.links
   * @param {() => void} parts.onChange
   */
  constructor({ find, owner, links, onChange }) {
    this.#find = find;
    this.#owner = owner;
    this.#links = links;
    this.#onChange = onChange;
    this.#input.addEventListener("input", () => this.look(PAUSE_MS));
    this.look();
  }

  get name() {
    return this.#input.value.trim();
  }

  /**
   * Proposes a name, unless the person has typed one.
   * @param {string} name
   */
  propose(name) {
    if (this.name === "" && isProjectName(name)) this.set(name);
  }

  /** @param {string} name */
  set(name) {
    this.#input.value = name;
    this.look();
  }

  focus() {
    this.#input.focus();
  }

  /**
   * Looks at the name again, as after a change of the key.
   * @param {number} [pause]
   */
  look(pause = 0) {
    clearTimeout(this.#timer);
    this.#show(nameStateOfText(this.name));
    if (this.state.kind === "checking") this.#timer = setTimeout(() => void this.#ask(this.name), pause);
  }

  /** @param {string} name */
  async #ask(name) {
    let state;
    try {
      state = nameStateOfRelease(await this.#find(name), this.#owner());
    } catch (error) {
      state = nameStateUnknown(error instanceof Error ? error.message : String(error));
    }
    if (name === this.name) this.#show(state);
  }

  /** @param {NameState} state */
  #show(state) {
    this.state = state;
    const { kind, text } = state;
    say(this.#says, text);
    this.#says.dataset.kind = kind;
    this.#input.setAttribute("aria-invalid", String(kind === "invalid" || kind === "taken"));
    say(this.#address, isProjectName(this.name) ? `It will be at ${this.#links.full(this.name)}` : "");
    this.#onChange();
  }
}
