// Opens a project by its name or address, and lists what was opened from here, each with the way to its storage.

import { make, say } from "../view/make.js";
import { destinationOf, destinationUrl } from "./destination.js";
import { OpenedList } from "./opened_list.js";
import { makeButton, pagePart, showPart } from "./page_part.js";

export class OpenedPanel {
  #links;
  #input = pagePart("address", HTMLInputElement);
  #says = pagePart("say", HTMLElement);
  #section = pagePart("recent", HTMLElement);
  #list = new OpenedList(localStorageOrNone());

  /** @param {import("./project_links.js").ProjectLinks} links */
  constructor(links) {
    this.#links = links;
    pagePart("open", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.open(this.#input.value);
    });
    this.#input.addEventListener("input", () => this.#problem(""));
    pagePart("forget", HTMLButtonElement).addEventListener("click", () => {
      this.#list.clear();
      this.show();
      this.#input.focus();
    });
    addEventListener("pageshow", () => this.show());
    this.show();
  }

  /** The form was sent before this script was there: goes on from where it got to. */
  resume() {
    const asked = new URLSearchParams(location.search).get("open");
    if (asked === null) return;
    history.replaceState(null, "", "/");
    this.#input.value = asked;
    this.open(asked);
  }

  /** @param {string} text */
  open(text) {
    const to = destinationOf(text, location, this.#links.domain);
    this.#problem("problem" in to ? to.problem : "");
    if ("problem" in to) {
      this.#input.focus();
    } else if (to.server) {
      const url = destinationUrl(to);
      this.#says.replaceChildren("That project is on another server: ", make("a", { href: url }, url));
    } else {
      this.#list.add(to.project);
      location.assign(this.#links.node + destinationUrl(to));
    }
  }

  show() {
    const names = this.#list.names();
    const items = names.map((name) => {
      const item = make("li", {}, make("a", { href: this.#links.site(name) }, name));
      const manage = this.#links.manage(name);
      if (manage)
        item.append(
          make("a", { href: manage, "aria-label": `Storage and hosting: ${name}` }, "Storage and hosting"),
        );
      item.append(makeButton("Remove", () => this.#remove(name), `Remove ${name} from this list`));
      return item;
    });
    this.#section.querySelector(".recent")?.replaceChildren(...items);
    showPart(this.#section, names.length > 0);
  }

  /** @param {string} name */
  #remove(name) {
    const at = this.#list.names().indexOf(name);
    this.#list.remove(name);
    this.show();
    const left = this.#section.querySelectorAll(".recent button");
    const next = left[Math.min(at, left.length - 1)] ?? this.#input;
    if (next instanceof HTMLElement) next.focus();
  }

  /** @param {string} problem */
  #problem(problem) {
    say(this.#says, problem);
    if (problem) this.#input.setAttribute("aria-invalid", "true");
    else this.#input.removeAttribute("aria-invalid");
  }
}

/** The browser's storage, or one that keeps nothing where it is forbidden. */
function localStorageOrNone() {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem: () => undefined, removeItem: () => undefined };
  }
}
