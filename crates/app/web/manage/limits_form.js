// The form for how much a site may store and give. It checks what is typed and hands on whole bytes.
import { say } from "../view/make.js";
import { namedPart } from "../view/named_part.js";

/** @typedef {"storageBytes" | "uploadPerDay"} LimitName */

const MEGABYTE = 1_000_000;

export class LimitsForm {
  #fields = /** @type {const} */ ([
    ["storageBytes", namedPart("storage", HTMLInputElement)],
    ["uploadPerDay", namedPart("upload", HTMLInputElement)],
  ]);
  #problem = namedPart("limits-problem", HTMLElement);

  /** @param {(name: LimitName, bytes: number) => void} save called for each limit that a person has changed */
  constructor(save) {
    namedPart("limits", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (!event.isTrusted || !this.#check()) return;
      for (const [name, field] of this.#fields) {
        if (field.value !== field.defaultValue) save(name, Math.round(field.valueAsNumber) * MEGABYTE);
        field.defaultValue = field.value;
      }
    });
  }

  /** @param {Record<LimitName, number>} limits bytes */
  show(limits) {
    for (const [name, field] of this.#fields) {
      const text = String(Math.round(limits[name] / MEGABYTE));
      // What somebody is typing stays.
      if (field.value === field.defaultValue) field.value = text;
      field.defaultValue = text;
    }
  }

  #check() {
    const wrong = this.#fields.find(([, field]) => !field.checkValidity());
    for (const [, field] of this.#fields) field.ariaInvalid = String(!field.checkValidity());
    say(
      this.#problem,
      wrong ? `Whole megabytes, from ${wrong[1].min} to ${Number(wrong[1].max).toLocaleString("en")}.` : "",
    );
    wrong?.[1].focus();
    return !wrong;
  }
}
