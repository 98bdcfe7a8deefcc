// What the badge opens: what this page is, who hosts it, what went in and out, and the switches. It shows what it is
// told and hands on what a person presses.
import { byteSize } from "../view/byte_size.js";
import { tellFact } from "../view/fact_list.js";
import { make, onPress, say } from "../view/make.js";
import { SwitchButton } from "../view/switch_button.js";
import { hostingWords, isHostingWanted } from "./hosting_words.js";

/**
 * @typedef {object} BadgeOrders
 * @property {(on: boolean) => void} hosting
 * @property {(on: boolean) => void} keepAll
 * @property {() => void} accept
 * @property {() => void} hide
 */

export class BadgePanel {
  /**
   * @param {{project: string, verified: boolean}} page
   * @param {BadgeOrders} orders
   */
  constructor({ project, verified }, orders) {
    this.verified = verified;
    this.trust = make("p", { class: "trust" });
    this.accept = make("button", { type: "button", class: "do" }, "Show it");
    this.newer = make("p", { class: "newer", hidden: "" }, "A newer version is here. ", this.accept);
    this.facts = make("dl");
    this.hosting = new SwitchButton("Help host this site", orders.hosting);
    this.keepAll = new SwitchButton("Keep all of it", orders.keepAll);
    this.kept = make("progress", { max: "1", "aria-label": "Kept", hidden: "" });
    const hide = make("button", { type: "button" }, "Hide");
    onPress(this.accept, orders.accept);
    onPress(hide, orders.hide);
    // A page may have a <base> of its own.
    const manage = `${location.origin}/.crowd/manage`;
    this.element = make(
      "section",
      { id: "panel", "aria-labelledby": "name", hidden: "" },
      make("h2", { id: "name" }, project),
      this.trust,
      this.newer,
      this.facts,
      this.hosting.button,
      this.keepAll.button,
      this.kept,
      make(
        "p",
        { class: "ways" },
        make("a", { href: manage }, "Manage"),
        make("a", { href: `${manage}#report` }, "Report"),
        hide,
      ),
    );
  }

  /**
   * @param {import("./host_status.js").HostNews} news
   * @param {boolean} offline
   */
  show(news, offline) {
    const version = news.version ? ` Version ${news.version}.` : "";
    say(
      this.trust,
      this.verified
        ? `Verified.${version} Every byte is what its owner signed.`
        : `Shown by the node.${version} From the next page on, your browser checks every byte itself.`,
    );
    this.newer.hidden = !news.newer;
    tellFact(this.facts, "Hosts now", offline ? "offline" : String(news.peers));
    tellFact(this.facts, "Received", `${byteSize(news.bytesIn)} this visit`);
    tellFact(this.facts, "Given", `${byteSize(news.bytesOut)} this visit`);
    const day = news.perDay ? ` of ${byteSize(news.perDay)}` : "";
    tellFact(this.facts, "Given today", byteSize(news.outToday) + day);
    tellFact(this.facts, "Kept here", `${byteSize(news.haveBytes)} of ${byteSize(news.allBytes)}`);
    this.hosting.show(isHostingWanted(news.hosting), hostingWords(news.hosting), news.hosting === "never");
    const full = news.allBytes > 0 && news.haveBytes >= news.allBytes;
    const words = full ? "All of it is here and opens offline." : "Then the whole site opens offline.";
    this.keepAll.show(news.keepAll, news.error || (news.keepAll && !full ? "Fetching the rest …" : words));
    this.kept.hidden = !news.keepAll || full;
    this.kept.value = news.keepDone;
  }
}
