// The one line that says, once, that this browser begins to help, or asks whether it may.
import { make, onPress, say } from "../view/make.js";
import { SwitchButton } from "../view/switch_button.js";

/** @typedef {"notice" | "ask" | "metered"} NoticeKind */

/** @type {Record<NoticeKind, string>} */
const NOTICE_WORDS = {
  notice: "You help host this site while it is open.",
  ask: "Help host this site while it is open?",
  metered: "Your connection is metered. Help host this site all the same?",
};

export class HostingNotice {
  /**
   * @param {(on: boolean) => void} hosting
   * @param {() => void} dismissed a person has read it
   */
  constructor(hosting, dismissed) {
    /** @type {NoticeKind | null} what it says now */
    this.kind = null;
    this.words = make("span");
    this.switch = new SwitchButton("Hosting", hosting);
    const yes = make("button", { type: "button", class: "do" }, "Yes, help");
    this.yes = yes;
    this.done = make("button", { type: "button" });
    this.element = make("div", { class: "notice", role: "group", "aria-label": "Hosting", hidden: "" });
    this.element.append(this.words, this.switch.button, yes, this.done);
    onPress(yes, () => {
      hosting(true);
      dismissed();
    });
    onPress(this.done, dismissed);
  }

  /**
   * @param {NoticeKind} kind
   * @returns {string} what it says
   */
  begin(kind) {
    this.kind = kind;
    this.switch.button.hidden = kind !== "notice";
    this.yes.hidden = kind === "notice";
    say(this.done, kind === "notice" ? "OK" : "Not now");
    return NOTICE_WORDS[kind];
  }

  /**
   * @param {boolean} on whether this browser hosts
   * @param {boolean} room whether there is room for the line
   */
  show(on, room) {
    this.element.hidden = !this.kind || !room;
    if (!this.kind) return;
    const isStopped = this.kind === "notice" && !on;
    say(this.words, isStopped ? "You read this site and give nothing." : NOTICE_WORDS[this.kind]);
    this.switch.show(on);
  }
}
