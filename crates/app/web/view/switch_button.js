// A switch with its label and a line that says what it means now. It shows what it is told and only asks for changes.
import { make, onPress, say } from "./make.js";

export class SwitchButton {
  /**
   * @param {string} label
   * @param {(on: boolean) => void} asked called when a person wants it otherwise
   */
  constructor(label, asked) {
    this.label = make("span", {}, label);
    this.hint = make("small");
    this.button = make("button", { type: "button", role: "switch", "aria-checked": "false" });
    this.button.append(make("span", {}, this.label, this.hint), make("i", { "aria-hidden": "true" }));
    onPress(this.button, () => {
      if (this.button.ariaDisabled === "true") return;
      const on = this.button.ariaChecked !== "true";
      this.show(on);
      asked(on);
    });
  }

  /**
   * @param {boolean} on
   * @param {string} [hint]
   * @param {boolean} [fixed] nobody can change it
   */
  show(on, hint, fixed = false) {
    this.button.ariaChecked = String(on);
    this.button.ariaDisabled = String(fixed);
    if (hint !== undefined) say(this.hint, hint);
  }
}
